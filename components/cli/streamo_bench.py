"""`streamo streamo-bench make|check|run`: a set from timeline annotations, its check, its answers."""

import argparse
from pathlib import Path
from typing import Any

from components.core.files import dumps


def add(sub: "argparse._SubParsersAction[Any]") -> None:
    """Register the command and its three parts."""
    parser = sub.add_parser("streamo-bench", help="make, check and answer a Streamo-Bench set")
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    make = parts.add_parser("make", help="a set from ActivityNet Captions, YouCook2 or files of their form")
    make.add_argument("files", nargs="+", metavar="SOURCE=FILE", help="e.g. youcook2=yc2_val.json")
    make.add_argument("--out", type=Path, required=True, metavar="SET", help="the set, one JSON file")
    make.add_argument("--videos", type=int, default=300, help="videos drawn (default 300); 0 for all")
    make.add_argument("--seed", type=int, default=0, help="of every draw (default 0)")
    make.add_argument("--name", default="streamo-bench", help="of the set")
    make.add_argument("--path", default="{video}", help="video_id of a video, e.g. 'yc2/{video}.mp4'")
    check = parts.add_parser("check", help="is the set whole, and apart from what was trained on?")
    check.add_argument("set", type=Path, metavar="SET")
    check.add_argument("--trained-on", type=Path, metavar="TURNS", help="a turn table, or a folder of shards")
    run = parts.add_parser("run", help="let a model watch the set's videos; writes predictions")
    run.add_argument("model", type=Path, metavar="MODEL", help="a trained model folder")
    run.add_argument("--set", type=Path, required=True, metavar="SET")
    run.add_argument("--media", type=Path, required=True, metavar="DIR", help="where the set's video ids lie")
    run.add_argument("--out", type=Path, required=True, metavar="FILE", help="predictions")
    run.add_argument("--max-new-tokens", type=int, default=32, help="of one answer (default 32)")
    for one in (make, check, run):
        one.add_argument("--json", action="store_true", help="print one JSON object instead of a line")
    parser.set_defaults(run=dispatch)


def dispatch(args: argparse.Namespace) -> int:
    """Do the part that was asked for and print what it came to."""
    from components.evaluate.streamo_bench import commands

    told = {"make": commands.make, "check": commands.check, "run": commands.run}[args.part](args)
    print(dumps(told, indent=None) if args.json else line(told), end="")
    return 0


def line(told: dict[str, Any]) -> str:
    """One line for the terminal."""
    return ", ".join(f"{name} {value}" for name, value in told.items() if value not in ({}, None)) + "\n"
