"""`streamo doctor`: what is missing on this machine and the command that mends it."""

import argparse
from typing import Any


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "doctor", help="what is missing on this machine and the command that mends it"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """One line a check; 1 if something needed is missing, optional parts do not count."""
    from components.cli.doctor_checks import examine

    failed = 0
    for check in examine():
        mark = "ok" if check.ok else "MISSING" if check.needed else "optional"
        print(f"{mark:9} {check.name}: {check.found}" + ("" if check.ok else f"; mend: {check.mend}"))
        failed += check.needed and not check.ok
    print("nothing needed is missing" if not failed else f"{failed} needed things are missing")
    return 1 if failed else 0
