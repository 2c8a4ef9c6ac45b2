"""`streamo register`: the checked-out commit's candidate becomes a version."""

import argparse
from pathlib import Path
from typing import Any


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "register",
        help="the commit's candidate becomes a version",
        description="Publish the register product and the git files of HEAD as a version, tag it, make it "
        "a candidate. Again on the same commit: completes what is missing and prints the version it has.",
    )
    parser.add_argument("--gate", type=Path, metavar="FILE", help="what `streamo gate --out FILE` wrote")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Register HEAD; exit 1 says what stands against it."""
    from components.cli.versions import show
    from components.registry.versions import register

    show(register(Path(), gate=args.gate), as_json=args.json)
    return 0
