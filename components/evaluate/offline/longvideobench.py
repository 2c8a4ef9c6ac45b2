"""LongVideoBench: referring questions on long videos (arXiv 2407.15754), its validation set.

Format from the dataset's public loader and the scorer of its authors in lmms-eval; no published file was at
hand here. Annotations: `lvb_val.json` (`candidates`, `correct_choice`) or the parquet (`option0` to
`option4`, `N/A` where there is none). Results: the submission form `{id: answer}`, or rows with `id` and an
answer.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.evaluate.benchmarks import Benchmark
from components.evaluate.offline import rules
from components.evaluate.offline.choice import Answered, Item, Mark, points_of, score_choices
from components.evaluate.offline.files import answered, check_unique, need, place_of, read_answers, rows_of
from components.evaluate.scheme import Scheme, Scored

SCHEME = Scheme(
    {
        "perception": ("S2E", "S2O", "S2A", "E2O", "O2E", "T2E", "T2O", "T2A"),
        "relation": ("E3E", "O3O", "SSS", "SOS", "SAA", "T3E", "T3O", "TOS", "TAA"),
    },
    "points",
)


def load_items(path: Path) -> list[Item]:
    """The questions with truths; the test set, which has none, is refused."""
    items = [item_of(row, f"{path}: row {number}") for number, row in enumerate(rows_of(path), 1)]
    check_unique(items, path)
    return items


def item_of(row: Mapping[str, Any], where: str) -> Item:
    """One entry."""
    name = need(row, "id", str, where)
    where = f"{where}, question {name}"
    options = options_of(row, where)
    if row.get("correct_choice", -1) == -1:
        raise DataError(f"{where}: no `correct_choice`: the test set has no truths, score lvb_val.json")
    task = need(row, "question_category", str, where)
    if task not in SCHEME.tasks:
        raise DataError(f"{where}: `question_category`: {task!r}, expected one of {', '.join(SCHEME.tasks)}")
    truth = place_of(row["correct_choice"], options, where)
    parts = {"duration_group": str(row.get("duration_group", "unknown"))}
    return Item(name, task, need(row, "video_id", str, where), options, truth, parts)


def options_of(row: Mapping[str, Any], where: str) -> tuple[str, ...]:
    """The options of either form."""
    if "candidates" in row:
        return tuple(str(text) for text in need(row, "candidates", list, where))
    given = [row.get(f"option{place}", "N/A") for place in range(5)]
    return tuple(str(text) for text in given if text != "N/A")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The annotation file."""
    parser.add_argument("--annotations", type=Path, required=True, help="lvb_val.json or its parquet")


@dataclass(frozen=True)
class Loaded:
    """What is scored, and the seed of the official rule's draws."""

    answered: Answered
    rule: Callable[[Item, Any], Mark]


def load(args: argparse.Namespace, results: Path) -> Loaded:
    """Read annotation and results files."""
    found = answered(load_items(args.annotations), read_answers(results), results)
    return Loaded(found, partial(rules.longvideobench, seed=args.seed))


def score(loaded: Loaded, seed: int) -> dict[str, Any]:
    """By category and level; `by` has duration groups, `without_guesses` counts drawn letters as wrong."""
    return score_choices(loaded.answered, loaded.rule, SCHEME, seed)


def points(loaded: Loaded) -> dict[str, list[Scored]]:
    """Every question once, by both rules."""
    return points_of(loaded.answered, loaded.rule)


def scheme(_: Loaded) -> Scheme:
    """Question categories in two levels; the total is over all questions."""
    return SCHEME


BENCHMARK = Benchmark(add_arguments, load, score, points, scheme)
