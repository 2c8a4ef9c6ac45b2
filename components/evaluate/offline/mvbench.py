"""MVBench: 20 temporal tasks of 200 questions (arXiv 2311.17005).

Annotations: the published folder with one JSON file a task (`video`, `question`, `candidates`, `answer` as
text, `start` and `end` where the clip is a part of its video), or one list of all questions with their
options written out (`id`, `video_id`, `question`, `answer` as a place, `task_type`). Results: `{id: answer}`,
rows with an id and an answer, or the official notebook's `res_list` in the order of the questions.
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.evaluate.answers import LETTERS
from components.evaluate.benchmarks import Benchmark
from components.evaluate.offline import rules
from components.evaluate.offline.choice import Answered, Item, points_of, score_choices
from components.evaluate.offline.files import answered, check_unique, need, place_of, read_answers, rows_of
from components.evaluate.scheme import Scheme, Scored

# Table 1 of the paper: nine kinds of understanding; the total is the mean of the 20 tasks.
SCHEME = Scheme(
    {
        "action": (
            "action_sequence",
            "action_prediction",
            "action_antonym",
            "fine_grained_action",
            "unexpected_action",
        ),
        "object": ("object_existence", "object_interaction", "object_shuffle"),
        "position": ("moving_direction", "action_localization"),
        "scene": ("scene_transition",),
        "count": ("action_count", "moving_count"),
        "attribute": ("moving_attribute", "state_change"),
        "pose": ("fine_grained_pose",),
        "character": ("character_order",),
        "cognition": ("egocentric_navigation", "episodic_reasoning", "counterfactual_inference"),
    },
    "tasks",
)
OPTION = re.compile(r"^\(([A-J])\) ?(.*)$")


@dataclass(frozen=True)
class Entry:
    """A question as it is asked: `bound` is the part of the video in seconds, None for all of it."""

    item: Item
    question: str
    video: str
    bound: tuple[float, float] | None = None


def load_entries(path: Path) -> list[Entry]:
    """Every question of the published folder or of the one list."""
    if path.is_dir():
        files = [path / f"{task}.json" for task in SCHEME.tasks]
        missing = [file.name for file in files if not file.is_file()]
        if missing:
            raise DataError(f"{path}: {', '.join(missing)} missing; expected the 20 files of MVBench")
        entries = [
            published(row, file.stem, number, f"{file}: row {number}")
            for file in files
            for number, row in enumerate(rows_of(file))
        ]
    else:
        entries = [listed(row, f"{path}: row {number}") for number, row in enumerate(rows_of(path), 1)]
    check_unique([entry.item for entry in entries], path)
    return entries


def published(row: Mapping[str, Any], task: str, number: int, where: str) -> Entry:
    """A row of one of the 20 files; its id is `<task>-<row>`, both from 0."""
    options = tuple(str(text) for text in need(row, "candidates", list, where))
    video, question = need(row, "video", str, where), need(row, "question", str, where)
    bound = None
    if "start" in row and "end" in row:
        try:
            bound = float(row["start"]), float(row["end"])
        except (TypeError, ValueError):
            raise DataError(f"{where}: start and end {row['start']!r}, {row['end']!r}: no seconds") from None
    truth = place_of(row.get("answer"), options, where)
    return Entry(Item(f"{task}-{number}", task, f"{task}/{video}", options, truth), question, video, bound)


def listed(row: Mapping[str, Any], where: str) -> Entry:
    """A row of the one list: the options stand in the question's text, one a line."""
    name, task = need(row, "id", str, where), need(row, "task_type", str, where)
    where = f"{where}, question {name}"
    if task not in SCHEME.tasks:
        raise DataError(f"{where}: `task_type`: {task!r} is no task of MVBench")
    head, _, tail = need(row, "question", str, where).partition("\nOptions:\n")
    found = [OPTION.match(line) for line in tail.splitlines()]
    if not found or [match and match[1] for match in found] != list(LETTERS[: len(found)]):
        raise DataError(f"{where}: expected `Options:` and lines (A), (B), ... in `question`")
    options = tuple(match[2] for match in found if match)
    video = need(row, "video_id", str, where)
    truth = place_of(row.get("answer"), options, where)
    return Entry(Item(name, task, video, options, truth), head.removeprefix("Question: "), video)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The annotations."""
    parser.add_argument(
        "--annotations", type=Path, required=True, help="MVBench's folder of 20 files, or one list of all"
    )


def load(args: argparse.Namespace, results: Path) -> Answered:
    """Read annotation and results files."""
    items = [entry.item for entry in load_entries(args.annotations)]
    content = read_json(results) if results.suffix == ".json" and results.is_file() else None
    if isinstance(content, Mapping) and "res_list" in content:
        return answered(items, in_order(items, content["res_list"], results), results)
    return answered(items, read_answers(results), results)


def in_order(items: Sequence[Item], rows: Any, path: Path) -> list[tuple[str, Any]]:
    """`(id, pred)` of the official notebook's rows, which bear no id: as many, in order, truths agreeing."""
    if not isinstance(rows, list) or len(rows) != len(items):
        count = len(rows) if isinstance(rows, list) else 0
        raise DataError(f"{path}: res_list has {count} rows without ids for {len(items)} questions")
    for number, (item, row) in enumerate(zip(items, rows, strict=True), 1):
        if not str(need(row, "gt", str, f"{path}: row {number}")).startswith(f"({item.letter})"):
            raise DataError(f"{path}: row {number}: `gt` {row['gt']!r} is not question {item.id}'s truth")
    return [(item.id, row.get("pred")) for item, row in zip(items, rows, strict=True)]


def score(loaded: Answered, seed: int) -> dict[str, Any]:
    """By task and kind; the total is the mean of the tasks."""
    return score_choices(loaded, rules.mvbench, SCHEME, seed)


def points(loaded: Answered) -> dict[str, list[Scored]]:
    """Every question once, by both rules."""
    return points_of(loaded, rules.mvbench)


def scheme(_: Answered) -> Scheme:
    """20 tasks of nine kinds."""
    return SCHEME


BENCHMARK = Benchmark(add_arguments, load, score, points, scheme)
