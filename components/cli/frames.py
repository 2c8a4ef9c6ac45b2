"""`streamo frames`: fill, prune and verify the frames that are kept of videos."""

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.core.errors import DataError, UsageError
from components.core.files import dumps

if TYPE_CHECKING:
    from components.video.framestore.store import FrameStore

SHA256 = re.compile("[0-9a-f]{64}")
MANIFEST = Path("artifacts/corpus/manifest.parquet")


def add(sub: "argparse._SubParsersAction[Any]") -> None:
    """Register the command."""
    parser = sub.add_parser(
        "frames",
        help="the frames kept of videos: fill in advance, prune, verify",
        description="One file a video holds the picture of every whole second as it is sent to teachers, in "
        "the folder that params.yaml `frames` names; all tasks, shards and worktrees share it.",
    )
    commands = parser.add_subparsers(dest="what", required=True, metavar="fill|prune|verify")
    fill = commands.add_parser("fill", help="decode every corpus video of a manifest that has no frames yet")
    fill.add_argument("--manifest", type=Path, default=MANIFEST, help=f"default {MANIFEST}")
    fill.add_argument("--media-root", type=Path, metavar="DIR", help="default: params corpus.media")
    fill.add_argument("--side", type=int, help="longest side in pixels; default: params annotate.openai.side")
    fill.add_argument("--workers", type=int, metavar="N", help="decoding processes; default: one per core")
    prune = commands.add_parser("prune", help="delete the least recently used frames")
    prune.add_argument("--of", metavar="VIDEO", help="all frames of this video: a file, or its SHA-256")
    prune.add_argument("--keep-gb", type=float, metavar="N", help="default: params frames.keep_gb")
    verify = commands.add_parser("verify", help="check every picture; what does not verify is set aside")
    for command, run in ((fill, run_fill), (prune, run_prune), (verify, run_verify)):
        command.add_argument("--json", action="store_true", help="print one JSON object")
        command.set_defaults(run=run)


def run_fill(args: argparse.Namespace) -> int:
    """Make what is missing; 1 if any video has no frames."""
    from components.core import params
    from components.video.framestore.fidelity import Fidelity
    from components.video.framestore.fill import Maker, Wanted
    from components.video.manifest import CORPUS, read_manifest
    from components.video.root import MediaRoot
    from components.video.source import VideoSource
    from components.video.times import num_turns

    if not args.manifest.is_file():
        raise DataError(f"{args.manifest}: no manifest; run the corpus stage first")
    if args.workers is not None and args.workers < 1:
        raise UsageError(f"--workers {args.workers}: expected 1 or more")
    media = args.media_root or Path(params.get("corpus.media"))
    side = args.side or params.get("annotate.openai.side")
    videos = [
        Wanted(video.video_id, num_turns(video.duration_s))
        for video in read_manifest(args.manifest, role=CORPUS)
    ]
    store = _store()
    maker = Maker(store, VideoSource(MediaRoot(media)), Fidelity(side), workers=args.workers)
    failed = maker.fill(videos)
    maker.close()
    told = {"videos": len(videos), "failed": len(failed), **dict(sorted(store.counts.items()))}
    for why in failed.values():
        print(why, file=sys.stderr)
    _print(args, {**told, "folder": str(store.folder)}, f"{store.folder}: {_counts(told)}")
    return 1 if failed else 0


def run_prune(args: argparse.Namespace) -> int:
    """Delete what is too much, or all of one video."""
    from components.video.framestore.keep import GB, prune, prune_video

    store = _store()
    keep = store.keep_bytes if args.keep_gb is None else args.keep_gb * GB
    if not keep >= 0:
        raise UsageError(f"--keep-gb {args.keep_gb:g}: expected 0 or more")
    done = prune(store.folder, keep) if args.of is None else prune_video(store.folder, _sha256(args.of))
    said = f"{done.gone} files gone ({_gb(done.gone_bytes)}), {done.kept} kept ({_gb(done.kept_bytes)})"
    _print(args, done.plain(), f"{store.folder}: {said}")
    return 0


def run_verify(args: argparse.Namespace) -> int:
    """Check every file; 1 if any was refused."""
    from components.video.framestore.keep import verify

    store = _store()
    files, refused = verify(store)
    said = f"{store.folder}: {files} files, {len(refused)} refused"
    _print(args, {"files": files, "refused": refused}, said)
    return 1 if refused else 0


def _sha256(named: str) -> str:
    from components.core.hashing import sha256_file

    if Path(named).is_file():
        return sha256_file(Path(named))
    if SHA256.fullmatch(named):
        return named
    raise UsageError(f"--of {named}: no such file, and no SHA-256 (64 hex digits)")


def _store() -> "FrameStore":
    from components.video.framestore.settings import kept_store

    return kept_store()


def _counts(told: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in told.items())


def _gb(size: int) -> str:
    return f"{size / 1e9:.2f} GB"


def _print(args: argparse.Namespace, told: dict[str, Any], line: str) -> None:
    print(dumps(told, indent=None) if args.json else f"{line}\n", end="")
