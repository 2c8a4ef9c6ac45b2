"""`streamo diff V1 V2`: what exactly changed between two versions."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.core.files import dumps

SHOWN = 8  # rows of a list on the terminal; --json has all


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("diff", help="what exactly changed between two versions")
    parser.add_argument("old", metavar="V1", help="a version, or `champion`")
    parser.add_argument("new", metavar="V2", help="a version, or `champion`")
    parser.add_argument("--json", action="store_true", help="one JSON object, every list whole")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the differences; exit 0 with or without any."""
    from components.registry.diff import diff

    found = diff(Path(), args.old, args.new)
    print(dumps(found, indent=None) if args.json else "\n".join(told(found)) + "\n", end="")
    return 0


def told(found: dict[str, Any]) -> Iterator[str]:
    """Lines for people."""
    for side in (found["old"], found["new"]):
        yield (
            f"{side['version']}: {side['model']}, {side['decision']}, commit {side['commit'][:12]}, "
            f"registered {side['registered_at']}"
        )
    yield from data_lines(found["data"])
    yield from section("params", [f"{row['key']}: {row['old']} -> {row['new']}" for row in found["params"]])
    yield from section("code", [f"{row['key']} {row['change']}" for row in found["code"]])
    rows = [f"{row['key']}: {row['old']} -> {row['new']}" for row in found["libraries"]]
    yield from section("libraries", rows)
    yield "metrics"
    yield from (metric_line(name, row) for name, row in found["metrics"].items())
    for suite, clips in found["clips"].items():
        yield from clip_lines(suite, clips)
    if found["missing"]:
        yield from section("missing, so not compared", found["missing"], "files")


def data_lines(data: dict[str, Any]) -> Iterator[str]:
    """Corpus, videos, split and counts."""
    pin, videos = data["data_dvc"], data["videos"]
    after = f" -> {pin['new']}" if pin["changed"] else ", the same"
    yield f"data.dvc: {pin['old']}{after}"
    rows = [f"{row['video_id']} {kind}" for kind in ("added", "removed", "changed") for row in videos[kind]]
    rows += [f"{row['old']} renamed to {row['new']}" for row in videos["renamed"]]
    yield from section(f"videos ({videos['before']} -> {videos['after']})", rows)
    moved = [f"{row['video_id']}: {row['old']} -> {row['new']}" for row in data["split"]]
    yield from section("split", moved)
    counts = [f"{name}: {row['old']} -> {row['new']}" for name, row in data["counts"].items()]
    yield from section("counts", counts)


def section(name: str, rows: list[str], what: str = "differ") -> Iterator[str]:
    """A head, then the first rows; one line where nothing differs."""
    yield f"{name}: {len(rows)} {what}" if rows else f"{name}: the same"
    yield from (f"  {row}" for row in rows[:SHOWN])
    if len(rows) > SHOWN:
        yield f"  and {len(rows) - SHOWN} more (--json)"


def metric_line(name: str, row: dict[str, Any]) -> str:
    """Both scores with their intervals, and the difference."""
    change = "" if row["difference"] is None else f"  {row['difference']:+.2f}"
    return f"  {name}: {score(row['old'])} -> {score(row['new'])}{change}"


def score(cell: dict[str, Any] | None) -> str:
    """`51.3 [48.2, 54.4]`, or a dash."""
    if cell is None:
        return "-"
    bounds = cell["interval"]
    return f"{cell['accuracy']} [{bounds[0]}, {bounds[1]}]" if bounds else str(cell["accuracy"])


def clip_lines(suite: str, clips: dict[str, Any]) -> Iterator[str]:
    """Tasks of a suite with their clips that changed."""
    if not clips["comparable"]:
        yield f"clips of {suite}: not compared, {clips['why']}"
        return
    yield f"clips of {suite}, percent right"
    for task, entry in clips["tasks"].items():
        better, worse = entry["better"], entry["worse"]
        yield f"  {task}: {len(better)} better, {len(worse)} worse, {entry['same']} the same"
        for kind, rows in (("worse", worse), ("better", better)):
            yield from (f"    {kind} {row['video_id']}: {row['old']} -> {row['new']}" for row in rows[:SHOWN])
            if len(rows) > SHOWN:
                yield f"    and {len(rows) - SHOWN} more that are {kind} (--json)"
