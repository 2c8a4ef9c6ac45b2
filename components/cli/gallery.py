"""`streamo gallery`: one offline page of sampled dialogues of a dataset."""

import argparse
import sys
from pathlib import Path
from typing import Any

from components.core.errors import UsageError


def add(sub: "argparse._SubParsersAction[Any]") -> None:
    """Register the command."""
    parser = sub.add_parser(
        "gallery",
        help="one offline page of sampled dialogues of a dataset",
        description="Write one HTML file of sampled dialogues: frames along the time axis, states, labelled "
        "spans, question and answers with their seconds, source and licence; filters by task and source.",
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="a product of stage dataset")
    parser.add_argument("out", type=Path, metavar="OUT.html", help="the page to write")
    parser.add_argument(
        "--media-root", type=Path, metavar="DIR", help="the videos; without it the page has no frames"
    )
    parser.add_argument("--samples", type=int, default=4, metavar="N", help="samples a task (default 4)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="draws others (default 0)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the page and say what is on it; returns 0."""
    if args.samples < 1:
        raise UsageError(f"--samples: expected at least 1, got {args.samples}")
    from components.report.gallery.page import make_gallery

    made = make_gallery(args.dataset, args.out, media=args.media_root, per_task=args.samples, seed=args.seed)
    told = ", ".join(f"{task} {count}" for task, count in made.samples.items())
    print(f"gallery: {sum(made.samples.values())} samples ({told}) in {args.out}")
    for video_id, reason in sorted(made.without_frames.items()):
        print(f"gallery: no frames of {video_id}: {reason}", file=sys.stderr)
    return 0
