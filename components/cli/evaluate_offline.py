"""`streamo evaluate MODEL --suite mvbench|videomme|tempcompass|longvideobench`: what it takes and prints."""

import argparse
from pathlib import Path
from typing import Any

from components.core.errors import UsageError
from components.core.files import dumps

SUITES = ("mvbench", "videomme", "tempcompass", "longvideobench")
FOREIGN = ("protocol", "fps", "sample", "seed", "window")
MAX_NEW_TOKENS = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that only these suites have; the others are those of ovo-bench."""
    group = parser.add_argument_group("--suite " + "|".join(SUITES), "published offline benchmarks")
    group.add_argument(
        "--subtitles",
        type=Path,
        metavar="DIR",
        help="show subtitles of this folder (videomme, longvideobench)",
    )


def refuse(args: argparse.Namespace) -> None:
    """Raise UsageError for an argument of these suites that was given to another one."""
    if args.subtitles is not None:
        raise UsageError(f"--subtitles belongs to --suite videomme or longvideobench, not to {args.suite}")


def run(args: argparse.Namespace) -> int:
    """Ask the benchmark; 0 whatever the answers are, as long as any question could be asked."""
    from components.evaluate.offline.bench import Settings, run
    from components.evaluate.offline.sampling import FRAMES

    for name in FOREIGN:
        if getattr(args, name) is not None:
            raise UsageError(f"--{name} belongs to --suite ovo-bench, not to {args.suite}")
    for name in ("annotations", "videos"):
        if getattr(args, name) is None:
            raise UsageError(f"--suite {args.suite} needs --{name}")
    if not args.model.is_dir():
        raise UsageError(f"{args.model}: no such folder; name a model folder such as models/qwen2_5_vl-ce-0")
    if args.suite not in ("videomme", "longvideobench"):
        refuse(args)
    settings = Settings(
        benchmark=args.suite,
        frames=FRAMES[args.suite] if args.frames is None else args.frames,
        subtitles=args.subtitles is not None,
        max_new_tokens=MAX_NEW_TOKENS if args.max_new_tokens is None else args.max_new_tokens,
    )
    told = run(args.model, args.annotations, args.videos, args.out, settings, subtitles=args.subtitles)
    print(dumps({"out": str(args.out), **told}, indent=None) if args.json else line(args, told), end="")
    return 0 if told["answered"] else 1


def line(args: argparse.Namespace, told: dict[str, Any]) -> str:
    """What was asked, what could not be, and how it is scored."""
    rejected = ", ".join(f"{count} {reason}" for reason, count in told["rejected"].items())
    results = args.out / ("results" if args.suite == "tempcompass" else "results.json")
    known = "" if args.suite == "tempcompass" else f" --annotations {args.annotations}"
    asked = f"{told['answered']} of {told['questions']} questions answered"
    return (
        f"{args.out}: {asked}; rejected: {rejected or 'none'}\n"
        f"score it: streamo score {args.suite} --results {results}{known}\n"
    )
