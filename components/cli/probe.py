"""`streamo probe FILE...`: which video files are usable, and what they hold."""

import argparse
import sys

from components.core.files import dumps
from components.video.probe import probe_many
from components.video.result import Probe


def add(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = sub.add_parser(
        "probe",
        help="decode video files and say which are usable",
        description="Decode each file's first real video stream to its end, in a limited child process. "
        "Exit 1 if any file is rejected.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="read packets only, decode nothing")
    parser.add_argument("--json", action="store_true", help="one JSON object per file, one a line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one line per file, in the order given; 1 if any is rejected."""
    rejected = 0
    for result in probe_many(args.files, quick=args.quick):
        rejected += not result.ok
        print(dumps(result.to_json(), indent=None) if args.json else line(result) + "\n", end="", flush=True)
    if not args.json and len(args.files) > 1:
        print(f"{len(args.files) - rejected} ok, {rejected} rejected", file=sys.stderr)
    return 1 if rejected else 0


def line(result: Probe) -> str:
    """One line for people."""
    if not result.ok:
        return f"rejected  {result.path}  {result.reason}: {result.detail}"
    rate = "variable rate" if result.variable_rate else f"{result.fps:.2f} fps"
    turned = f", turned {result.rotation} degrees" if result.rotation else ""
    note = f"  ({result.note})" if result.note else ""
    length = f"{result.duration_s:.3f} s, {result.turns} turns, {result.frames} frames, {rate}"
    return f"ok  {result.path}  {length}, {result.width}x{result.height}{turned}, {result.codec}{note}"
