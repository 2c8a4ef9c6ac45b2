"""`streamo validate`: the gate on any turn table."""

import argparse
import sys
from pathlib import Path
from typing import Any

BUILT_IN = "paper"  # the profile that needs no params.yaml


def add(sub: "argparse._SubParsersAction[Any]") -> None:
    """Register the command."""
    parser = sub.add_parser("validate", help="the gate on any turn table")
    parser.add_argument("turns", type=Path, metavar="TURNS.parquet", help="the turn table")
    parser.add_argument("--events", type=Path, metavar="FILE", help="the event table (parquet)")
    parser.add_argument(
        "--videos", type=Path, metavar="MANIFEST", help="parquet with the known video_id values"
    )
    parser.add_argument("--profile", metavar="NAME", help="ratio profile of params.yaml (validate.profiles)")
    parser.add_argument(
        "--accepted", type=Path, metavar="RESULT", help="result.json of the last accepted table (drift)"
    )
    parser.add_argument(
        "--drift", type=float, default=0.03, metavar="SHARE", help="how far its state shares may have moved"
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    parser.set_defaults(run=run)


def profile_section(asked: str | None) -> dict[str, Any] | None:
    """The section `validate` of this folder's params.yaml, None without such a file.

    Raises:
        UsageError: another profile than the built-in one is asked for where there is no params.yaml.

    """
    from components.core import params
    from components.core.errors import UsageError

    if Path("params.yaml").is_file():
        section: dict[str, Any] = params.load_all().get("validate", {})
        return section
    if asked in {None, BUILT_IN}:
        return None
    raise UsageError(
        f"--profile {asked}: ratio profiles stand in params.yaml, and {Path.cwd()} has none; "
        f"run it in a checkout (or any folder with its params.yaml); elsewhere only {BUILT_IN!r} is known"
    )


def run(args: argparse.Namespace) -> int:
    """Judge the table; returns 0 if every checked rule holds, else 1 with the failing rows on stderr."""
    from components.core.files import dumps
    from components.validate.accepted import accepted_profile
    from components.validate.gate import run_gate
    from components.validate.profiles import choose_profile
    from components.validate.say import failures, summary
    from components.validate.tables import load_tables

    section = profile_section(args.profile)
    profile = choose_profile(args.profile, section)
    accepted = None if args.accepted is None else accepted_profile(args.accepted, args.drift)
    result = run_gate(load_tables(args.turns, args.events, args.videos), profile, accepted=accepted).result
    print(dumps(result, indent=None) if args.json else summary(result), end="")
    print(failures(result), end="", file=sys.stderr)
    return 0 if result["success"] else 1
