"""`streamo review`: people look at labels on a page of this machine; or what they decided so far."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.core.errors import DataError, UsageError
from components.core.files import dumps


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("review", help="approve, fix or reject labels on a page of this machine")
    parser.add_argument(
        "labels", nargs="*", metavar="LABELS.json", type=Path, help="files of stages annotate and ground"
    )
    parser.add_argument("--media-root", type=Path, metavar="DIR", help="the folder of the videos")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="verdicts are added to it (data/reviews.jsonl)"
    )
    parser.add_argument("--reviewer", metavar="NAME", help="who decides")
    parser.add_argument("--sample", type=int, default=50, metavar="N", help="labels to show (default 50)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other labels (default 0)")
    parser.add_argument("--port", type=int, default=0, metavar="P", help="a free one by default")
    parser.add_argument(
        "--summary", type=Path, metavar="FILE", help="no page: verdicts and agreement of FILE"
    )
    parser.add_argument("--json", action="store_true", help="with --summary: one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 once the page is closed (Ctrl-C), or the summary is printed."""
    if args.summary is not None:
        return summary(args)
    _check(args)
    return serve(args)


def summary(args: argparse.Namespace) -> int:
    """Print what a file of reviews says."""
    from components.annotate.reviews import read
    from components.review.summary import lines, summarize

    if args.labels or args.out or args.reviewer or args.media_root:
        raise UsageError("--summary FILE takes no labels, --media-root, --out or --reviewer")
    if not args.summary.is_file():
        raise DataError(f"{args.summary}: no such file")
    found = summarize(read(args.summary))
    print(dumps(found, indent=None) if args.json else "\n".join([*lines(found), ""]), end="")
    return 0


def _check(args: argparse.Namespace) -> None:
    for value, name in ((args.labels, "LABELS.json"), (args.media_root, "--media-root"), (args.out, "--out")):
        if not value:
            raise UsageError(f"{name} is missing; or --summary FILE")
    name = args.reviewer or ""
    if not name.strip() or not name.isprintable() or len(name) > 100:
        raise UsageError("--reviewer NAME: expected a name of printable characters, at most 100")
    if args.sample < 1:
        raise UsageError(f"--sample {args.sample}: expected at least 1")
    if not 0 <= args.port < 65536:
        raise UsageError(f"--port {args.port}: expected 0 (a free one) to 65535")
    if not args.media_root.is_dir():
        raise UsageError(f"--media-root {args.media_root}: no such folder")


def serve(args: argparse.Namespace) -> int:
    """The page until Ctrl-C or SIGTERM."""
    from components.review.desk import Desk
    from components.review.journal import Journal
    from components.review.sample import draw, read_labels, showable
    from components.review.server import ReviewServer
    from components.video.root import MediaRoot

    media = MediaRoot(args.media_root)
    labels, aside = showable(read_labels(args.labels), media)
    for reason, count in sorted(aside.items()):
        print(f"not shown, {reason}: {count} labels", file=sys.stderr)
    if not labels:
        raise DataError(f"none of the labels has a video below {args.media_root}")
    desk = Desk(draw(labels, args.sample, args.seed), media, Journal(args.out), args.reviewer.strip())
    try:
        server = ReviewServer(desk, args.port)
    except OSError as error:
        raise UsageError(f"--port {args.port}: {error.strerror}") from None
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"{len(desk.labels)} of {len(labels)} labels; open {server.url}", flush=True)
        _wait((signal.SIGINT, signal.SIGTERM))
        server.shutdown()
    print(f"{len(desk.own)} of {len(desk.labels)} labels reviewed by {desk.reviewer}: {args.out}")
    return 0


def _wait(signals: Sequence[signal.Signals]) -> None:
    """Until one of `signals` comes."""
    done = threading.Event()
    for one in signals:
        signal.signal(one, lambda *_: done.set())
    done.wait()
