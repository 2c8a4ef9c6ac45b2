"""`streamo evaluate MODEL --suite ovo-bench`: its arguments, and what it prints."""

import argparse
from pathlib import Path
from typing import Any

from components.core.errors import UsageError
from components.core.files import dumps

SUITE = "ovo-bench"
POLLED_FRAMES = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the suite's own arguments, each None where it was not given."""
    group = parser.add_argument_group(f"--suite {SUITE}", "the published benchmark on its own file")
    group.add_argument("--annotations", type=Path, metavar="FILE", help="OVO-Bench's ovo_bench_new.json")
    group.add_argument("--videos", type=Path, metavar="DIR", help="what its `video` paths are relative to")
    group.add_argument(
        "--protocol", choices=("online", "released", "polling"), help="when what is asked (default: online)"
    )
    group.add_argument("--fps", type=int, metavar="N", help="pictures a second, 1 or 2 (default: 1)")
    group.add_argument("--sample", type=float, metavar="SHARE", help="a share of the entries of each task")
    group.add_argument("--seed", type=int, metavar="N", help="of sample and released placement (default: 0)")
    group.add_argument("--window", type=int, metavar="N", help="turns a stream keeps (default: the model's)")
    group.add_argument(
        "--frames", type=int, metavar="N", help=f"pictures of a polled question (default: {POLLED_FRAMES})"
    )
    group.add_argument("--max-new-tokens", type=int, metavar="N", help="of one answer (default: 32)")


OWN = ("annotations", "videos", "protocol", "fps", "sample", "seed", "window", "frames", "max_new_tokens")


def refuse(args: argparse.Namespace) -> None:
    """Raise UsageError for an argument of this suite that was given to another one."""
    for name in OWN:
        if getattr(args, name) is not None:
            raise UsageError(f"--{name.replace('_', '-')} belongs to --suite {SUITE}, not to {args.suite}")


def run(args: argparse.Namespace) -> int:
    """Ask the benchmark; 0 whatever the answers are, as long as any entry could be asked."""
    from components.evaluate import ovo_bench

    for name in ("annotations", "videos"):
        if getattr(args, name) is None:
            raise UsageError(f"--suite {SUITE} needs --{name}")
    if not args.model.is_dir():
        raise UsageError(f"{args.model}: no such folder; name a model folder such as models/qwen2_5_vl-ce-0")
    told = ovo_bench.run(args.model, args.annotations, args.videos, args.out, settings_of(args))
    told = {"out": str(args.out), **told}
    print(dumps(told, indent=None) if args.json else line(args, told), end="")
    rejected = sum(count["entries"] for count in told["rejected"].values())
    return 1 if rejected == told["entries"] else 0


def settings_of(args: argparse.Namespace) -> Any:
    """The `Settings` of the arguments; the window is the model's own where none is named."""
    from components.evaluate.ovo_bench.settings import Settings, window_of

    protocol, streams = args.protocol or "online", args.protocol != "polling"
    if not streams and args.window is not None:
        raise UsageError("--window belongs to a stream; --protocol polling has none")
    if not streams and args.fps not in (None, 1):
        raise UsageError("--fps belongs to a stream; --frames pictures are spread over what has been shown")
    if streams and args.frames is not None:
        raise UsageError("--frames belongs to --protocol polling")
    return Settings(
        protocol=protocol,
        fps=1 if args.fps is None else args.fps,
        sample=args.sample,
        seed=args.seed or 0,
        window_turns=(window_of(args.model) if args.window is None else args.window) if streams else 0,
        max_new_tokens=32 if args.max_new_tokens is None else args.max_new_tokens,
        frames=0 if streams else (POLLED_FRAMES if args.frames is None else args.frames),
    )


def line(args: argparse.Namespace, told: dict[str, Any]) -> str:
    """What was asked, what could not be, what it cost, and how it is scored."""
    known = args.annotations if told["settings"]["sample"] is None else args.out / "annotations.json"
    rejected = ", ".join(f"{count['entries']} {reason}" for reason, count in told["rejected"].items())
    cost = told["cost"]
    return (
        f"{args.out}: {told['entries']} entries, {told['points']} points, {told['videos']} videos; "
        f"rejected: {rejected or 'none'}; this call: {cost['turns']} turns, {cost['forwards']} forwards, "
        f"{cost['tokens']} tokens\n"
        f"score it: streamo score ovo --annotations {known} --results {args.out / 'results'}\n"
    )
