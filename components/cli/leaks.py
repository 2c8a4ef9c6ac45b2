"""`streamo leaks`: do labels on your own videos share a video with a benchmark, or hold copies of one?"""

import argparse
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from components.core.errors import DataError, UsageError
from components.core.files import dumps

SHOWN = 20


def add(sub: "argparse._SubParsersAction[Any]") -> None:
    """Register the command."""
    parser = sub.add_parser(
        "leaks",
        help="do labels share a video with a benchmark, or hold copies of one?",
        description="Compare the videos of raw labels with each other and with those of a benchmark: equal "
        "bytes, nearly equal pictures in every second, equal names. Exit 1 names what is shared with the "
        "benchmark; copies among your own videos are told, not judged: the split keeps them together.",
    )
    parser.add_argument(
        "labels", metavar="LABELS", type=Path, nargs="+", help="raw labels: .json, .jsonl or .parquet"
    )
    parser.add_argument("--media-root", type=Path, metavar="DIR", help="where their videos lie")
    parser.add_argument("--benchmark", type=Path, metavar="DIR", help="every video of the benchmark")
    parser.add_argument(
        "--benchmark-labels",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="its annotations (.json, .jsonl, .parquet): videos are compared by name",
    )
    parser.add_argument("--json", action="store_true", help="print everything as one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what is shared; 1 if the benchmark shares a video with the labels."""
    if args.benchmark is not None and args.media_root is None:
        raise UsageError("--benchmark needs --media-root: pictures are compared with pictures")
    if args.media_root is None and not args.benchmark_labels:
        raise UsageError("nothing to compare with: give --media-root DIR, --benchmark-labels FILE, or both")
    from components.dataset.leaks import Looked, find, look_at, names_in

    labels = _videos(args.labels)
    names = {name for path in args.benchmark_labels for name in names_in(path)}
    mine = Looked() if args.media_root is None else look_at(args.media_root, labels)
    theirs = Looked() if args.benchmark is None else look_at(args.benchmark)
    for folder, looked in ((args.media_root, mine), (args.benchmark, theirs)):
        if folder is not None and not looked.seen:
            why = "; ".join(f"{name}: {why}" for name, why in sorted(looked.unreadable.items())[:3])
            raise DataError(f"{folder}: no video there can be read, so nothing was compared ({why})")
    result = find(labels, mine, theirs, names)
    print(dumps(result, indent=None).rstrip("\n") if args.json else "\n".join(lines(result)))
    if mine.unreadable:
        shown = "; ".join(f"{name}: {why}" for name, why in sorted(mine.unreadable.items())[:3])
        print(f"{len(mine.unreadable)} videos could not be looked at: {shown}", file=sys.stderr)
    return int(bool(result["leaks"]))


def _videos(paths: list[Path]) -> Counter[str]:
    """Labels by video; one that names none counts for nothing here."""
    from components.protocol.rawfiles import open_labels

    with closing(open_labels(paths)) as raw:
        found = Counter(video for video in raw.videos if video)
    if not found:
        raise DataError(f"{', '.join(map(str, paths))}: no label names a video")
    return found


def lines(result: dict[str, Any]) -> list[str]:
    """Totals, groups of copies, and what is shared with the benchmark."""
    theirs, leaks = result["benchmark"], result["leaks"]
    out = [
        f"{result['labels']} labels of {result['videos']} videos, {result['looked_at']} looked at",
        f"benchmark: {theirs['videos']} videos looked at, {len(theirs['unreadable'])} unreadable, "
        f"{theirs['names']} names",
    ]
    copies = result["near_duplicates"]
    out.append(f"groups of videos that show the same: {len(copies)}")
    out += [f"  {', '.join(names)}" for names in copies[:SHOWN]]
    videos = {leak["video"]: leak["labels"] for leak in leaks}
    out.append(f"shared with the benchmark: {len(videos)} videos, {sum(videos.values())} labels")
    out += [f"  {leak['video']} and {leak['benchmark']}: {leak['how']}" for leak in leaks[:SHOWN]]
    more = max(0, len(copies) - SHOWN) + max(0, len(leaks) - SHOWN)
    return [*out, *([f"  {more} more; --json lists them all"] if more else [])]
