"""Options of `streamo score` for benchmarks that a language model judges."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.evaluate.judge import Judge

ANSWERS = Path("runs/answers")


def add_judge_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--judge` and `--judge-answers`."""
    parser.add_argument(
        "--judge",
        metavar="ENDPOINT",
        help="ask this judge: a key of `endpoints` in params.yaml, or a YAML file with the same keys",
    )
    parser.add_argument(
        "--judge-answers",
        type=Path,
        default=ANSWERS,
        metavar="DIR",
        help=f"where every raw answer of the judge is kept, so that none is paid twice (default {ANSWERS})",
    )


def judge_from(args: argparse.Namespace, *, seed: int) -> "Judge | None":
    """The judge the options name, one a command, so that there is one budget; None without `--judge`.

    UsageError for a name or file that is none.
    """
    if args.judge is None:
        return None
    from components.evaluate.judge import Judge  # here, so that other benchmarks do without an HTTP client
    from components.teacher.settings import make_client

    if getattr(args, "opened_judge", None) is None:
        args.opened_judge = Judge(make_client(args.judge, args.judge_answers, seed=seed), seed=seed)
    opened: Judge = args.opened_judge
    return opened
