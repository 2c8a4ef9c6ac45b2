"""`streamo canary MODEL`: does the truth, the future or a training video reach what a model is scored on?"""

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.core.errors import DataError, UsageError
from components.core.files import dumps, read_json

NAMES = {
    "labels": "labels do not matter",
    "future": "the future does not matter",
    "videos": "no shared video",
}


def add(sub: "argparse._SubParsersAction[Any]") -> None:
    """Register the command."""
    parser = sub.add_parser(
        "canary",
        help="does the truth, the future or a training video reach what a model is scored on?",
        description="Ask a model a few benchmark entries again with garbage for labels, and again with noise "
        "for every frame after the query: no prediction, no answer may change. Compare the training videos "
        "with the test videos by their bytes and pictures. Exit 1 names what leaks.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="a trained model folder")
    parser.add_argument("--data", type=Path, default=Path(), metavar="CHECKOUT", help="a reproduced checkout")
    parser.add_argument("--annotations", type=Path, metavar="FILE", help="OVO-Bench's own file, instead")
    parser.add_argument("--videos", type=Path, metavar="DIR", help="the videos of --annotations")
    parser.add_argument("--protocol", default="online", help="of --annotations: online, released or polling")
    parser.add_argument(
        "--per-task", type=int, default=1, metavar="N", help="entries of each task (default 1)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the entries, the garbage and the noise")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the verdicts; 1 if anything leaks."""
    if (args.annotations is None) != (args.videos is None):
        raise UsageError("--annotations and --videos go together")
    if args.per_task < 1:
        raise UsageError(f"--per-task {args.per_task}: at least 1")
    verdicts = published(args) if args.annotations else checkout(args)
    if args.json:
        print(dumps(verdicts, indent=None), end="")
    else:
        print("\n".join(line for name, verdict in verdicts.items() for line in told(name, verdict)))
    return int(any(verdict["passed"] is False for verdict in verdicts.values()))


def told(name: str, verdict: Mapping[str, Any]) -> list[str]:
    """One verdict in words."""
    word = {True: "ok", False: "LEAK", None: "undecided: nothing it sees changes what it says"}
    lines = [f"{NAMES[name]}: {word[verdict['passed']]} ({verdict['checked']} checked)"]
    return [*lines, *(f"  {leak}" for leak in verdict["leaks"])]


def checkout(args: argparse.Namespace) -> dict[str, Any]:
    """The three checks on the held-out set of a reproduced checkout."""
    from components.core import params
    from components.evaluate.canary_runs import suite_ovo
    from components.evaluate.ovo_format import load_annotations

    entries = load_annotations(args.data / "artifacts/corpus/benchmark.json")
    if not entries:
        raise DataError(f"{args.data}: the corpus has no usable benchmark entry, so nothing can be asked")
    media = args.data / str(params.get("corpus.media", args.data))
    tokens = int(params.get("evaluate.max_new_tokens", args.data))
    runner = suite_ovo(args.model, max_new_tokens=tokens)
    return {**ask(runner, entries, media, args), "videos": shared(args.data, media)}


def published(args: argparse.Namespace) -> dict[str, Any]:
    """Labels and future on OVO-Bench's own file; what a model was trained on is not known here."""
    from components.evaluate.canary_runs import ovo_bench
    from components.evaluate.ovo_bench import Settings
    from components.evaluate.ovo_bench.settings import window_of
    from components.evaluate.ovo_format import load_annotations

    polled = args.protocol == "polling"
    settings = Settings(
        protocol=args.protocol,
        seed=args.seed,
        window_turns=0 if polled else window_of(args.model),
        frames=8 if polled else 0,
    )
    return ask(ovo_bench(args.model, settings), load_annotations(args.annotations), args.videos, args)


def ask(runner: Any, entries: Any, videos: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Labels and future on a seeded few of the entries."""
    from components.evaluate.canary import choose, future, labels

    few = choose(entries, args.per_task, args.seed)
    with tempfile.TemporaryDirectory() as folder:
        ahead = future(runner, few, videos, seed=args.seed, scratch=Path(folder))
    return {"labels": labels(runner, few, videos, seed=args.seed).plain(), "future": ahead.plain()}


def shared(data: Path, media: Path) -> dict[str, Any]:
    """Training videos against validation and benchmark videos, by bytes and by pictures."""
    from components.dataset.shared import shared_videos
    from components.video.manifest import BENCHMARK, read_manifest

    split: dict[str, str] = read_json(data / "artifacts/dataset/split.json")
    rows = {row.video_id: row for row in read_manifest(data / "artifacts/corpus/manifest.parquet")}
    train = [name for name, side in split.items() if side == "train"]
    tested = [name for name, side in split.items() if side != "train"]
    tested += [name for name, row in rows.items() if row.role == BENCHMARK]
    durations = {name: row.duration_s for name, row in rows.items()}
    found = shared_videos(train, sorted(set(tested)), media, durations)
    leaks = [str(pair) for pair in found]
    return {"passed": not leaks, "checked": len(train) + len(set(tested)), "sensitive": None, "leaks": leaks}
