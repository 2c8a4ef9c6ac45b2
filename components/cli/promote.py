"""`streamo promote VERSION STAGE`: give a version a stage."""

import argparse
from pathlib import Path
from typing import Any


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "promote",
        help="give a version a stage",
        description="`champion` is the version that serves: it needs the gate's consent against the present "
        "one, and every byte of it must verify in the store. The former champion becomes archived.",
    )
    parser.add_argument("version", metavar="VERSION")
    parser.add_argument("stage", metavar="STAGE", help="candidate, champion or archived")
    parser.add_argument(
        "--gate", type=Path, metavar="FILE", help="a later gate.json, instead of the package's"
    )
    parser.add_argument(
        "--force", metavar="WHY", help="without the gate's consent; the reason is kept in the tag"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Promote; exit 1 says why not."""
    from components.cli.versions import show
    from components.registry.versions import promote

    done = promote(Path(), args.version, args.stage, force=args.force, gate=args.gate)
    show(done, as_json=args.json)
    return 0
