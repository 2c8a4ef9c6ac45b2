"""`streamo rollback STAGE`: the version that served before the present one serves again."""

import argparse
from pathlib import Path
from typing import Any


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "rollback",
        help="the former champion serves again",
        description="Undo the last promotion to champion, once every byte of the former one has verified "
        "in the store. Again: one promotion further back.",
    )
    parser.add_argument("stage", metavar="STAGE", help="champion")
    parser.add_argument("--into", type=Path, metavar="DIR", help="also fetch its package to this folder")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Roll back; exit 1 where there is nothing to go back to or it does not verify."""
    from components.cli.versions import show
    from components.registry.versions import rollback

    show(rollback(Path(), args.stage, into=args.into), as_json=args.json)
    return 0
