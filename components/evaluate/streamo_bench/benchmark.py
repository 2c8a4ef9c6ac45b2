"""`streamo score streamo_bench`: predictions of a set, made here or anywhere."""

import argparse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import UsageError
from components.evaluate.benchmarks import Benchmark
from components.evaluate.judge_options import add_judge_arguments, judge_from
from components.evaluate.scheme import Scheme, Scored
from components.evaluate.streamo_bench.format import BACKWARD, FORWARD, GROUPS, BenchSet, Task
from components.evaluate.streamo_bench.format import load as load_set
from components.evaluate.streamo_bench.leak import check_apart
from components.evaluate.streamo_bench.measure import credited, measure
from components.evaluate.streamo_bench.said import Said, read_predictions
from components.evaluate.streamo_bench.score import score
from components.evaluate.streamo_bench.wins import win_rates

SCHEME = Scheme(GROUPS, "groups")


@dataclass(frozen=True)
class Loaded:
    """A set and one model's answers; beside them, where a judge was named, the model it is compared with."""

    bench: BenchSet
    answers: dict[str, list[Said]]
    odd: Counter[str]
    judged: tuple[argparse.Namespace, dict[str, list[Said]]] | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The set, the training data it must be apart from, and the judge."""
    help_ = "the set (`streamo streamo-bench make`, or set.json of the suite)"
    parser.add_argument("--annotations", type=Path, required=True, metavar="SET", help=help_)
    parser.add_argument(
        "--trained-on", type=Path, metavar="TURNS", help="refuse a set with videos of this turn table"
    )
    parser.add_argument(
        "--win-over", type=Path, metavar="PREDICTIONS", help="win rate over these, with --judge"
    )
    add_judge_arguments(parser)


def load(args: argparse.Namespace, results: Path) -> Loaded:
    """Read set and answers; DataError for a set with training videos in it."""
    if (args.judge is None) != (args.win_over is None):
        raise UsageError("a win rate needs both --judge and --win-over")
    bench = load_set(args.annotations)
    if args.trained_on is not None:
        check_apart(bench, trained_videos(args.trained_on), str(args.trained_on))
    answers, odd = read_predictions(results, bench.tasks)
    judged = (args, read_predictions(args.win_over, bench.tasks)[0]) if args.win_over is not None else None
    return Loaded(bench, answers, odd, judged)


def trained_videos(turns: Path) -> set[str]:
    """The videos of a turn table (parquet), or of a folder of its shards."""
    from components.protocol.tables import read_samples

    paths = sorted(turns.glob("*.parquet")) if turns.is_dir() else [turns]
    return {sample.video_id for sample in read_samples(paths)}


def score_loaded(loaded: Loaded, seed: int) -> dict[str, Any]:
    """`score.score` of what was loaded, and the judge's win rates where one was named."""
    found = score(loaded.bench, loaded.answers, seed=seed, odd=loaded.odd)
    if loaded.judged is None:
        return found
    args, others = loaded.judged
    judge = judge_from(args, seed=seed)
    assert judge is not None, "load() has seen to it"
    rates = win_rates(loaded.bench, loaded.answers, others, judge, seed=seed)
    return {**found, "win_rates": {"judge": judge.name, **rates}}


def points(loaded: Loaded) -> dict[str, list[Scored]]:
    """The paper's rule: a point a span or moment. Strict: each task's own F1, which pools otherwise."""
    pairs = [(task, loaded.answers[task.id]) for task in loaded.bench.tasks]
    rule = loaded.bench.content_rule
    return {
        "official": [point for task, said in pairs for point in official(task, said, rule)],
        "strict": [
            Scored(task.id, task.video_id, task.kind, task_f1(task, said, rule)) for task, said in pairs
        ],
    }


def official(task: Task, said: list[Said], rule: str) -> list[Scored]:
    """The IoU of the first span, or which moments were answered."""
    if task.kind in (FORWARD, BACKWARD):
        return [Scored(task.id, task.video_id, task.kind, measure(task, said, rule)["iou"])]
    met = credited(task, said, rule)
    return [
        Scored(f"{task.id}-{number}", task.video_id, task.kind, float(number in met))
        for number in range(len(task.truth))
    ]


def task_f1(task: Task, said: list[Said], rule: str) -> float:
    """F1 of one task's answers."""
    return 2 * measure(task, said, rule)["hits"] / (len(said) + len(task.truth))


def scheme(_: Loaded) -> Scheme:
    """Kinds to three groups, the total their mean."""
    return SCHEME


BENCHMARK = Benchmark(add_arguments, load, score_loaded, points, scheme)
