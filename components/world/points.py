"""The benchmark as single scored points, and policies that answer them, to test the test set itself."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Annotation = Mapping[str, Any]
FORWARD = ("REC", "SSR", "CRR")


@dataclass(frozen=True)
class Point:
    """One scored point of `benchmark/ovo.json`.

    Attributes:
        task: the OVO-Bench subtask.
        video: video_id.
        turn: turn of the query (times are whole seconds here).
        since: seconds since the question was asked.
        question: its wording.
        subject: the object or activity it is about, where the forward subtasks name one; else `""`.
        options: the option texts of a multiple-choice point; empty for the forward subtasks.
        truth: the right answer: option text, count as text, `yes` or `no`.
        match: matched-set id; bootstrap resamples whole sets.
        points: `matched` or `naive`.

    """

    task: str
    video: str
    turn: int
    since: int
    question: str
    subject: str
    options: tuple[str, ...]
    truth: str
    match: str
    points: str


Policy = Callable[[Point], str | None]


def flatten(annotations: Iterable[Annotation]) -> list[Point]:
    """Every point of the benchmark in file order."""
    return [point for annotation in annotations for point in _points(annotation)]


def _points(a: Annotation) -> list[Point]:
    task, video, match, kind = a["task"], a["video"], a["match"], a["points"]
    if task not in FORWARD:
        options = tuple(a["options"])
        turn = int(a["realtime"])
        return [Point(task, video, turn, 0, a["question"], "", options, options[a["gt"]], match, kind)]
    out = []
    for info in a["test_info"]:
        turn = int(info["realtime"])
        truth = str(info["count"]) if task == "REC" else ("yes" if info["type"] else "no")
        subject = info["step"] if task == "SSR" else a.get("activity", "")
        question = info["question"] if task == "SSR" else a["question"]
        out.append(Point(task, video, turn, turn - a["ask_time"], question, subject, (), truth, match, kind))
    return out


def accuracy(points: Iterable[Point], policy: Policy) -> dict[str, float]:
    """Percent right per task."""
    right: dict[str, list[bool]] = defaultdict(list)
    for point in points:
        right[point.task].append(policy(point) == point.truth)
    return {task: 100 * sum(values) / len(values) for task, values in sorted(right.items())}


def best_constant(points: Iterable[Point]) -> dict[str, float]:
    """Percent right per task of the best policy that always gives one answer or one option's place."""
    rows = list(points)
    out = {}
    for task in sorted({point.task for point in rows}):
        mine = [point for point in rows if point.task == task]
        policies = [_always(text) for text in sorted({point.truth for point in mine})]
        policies += [_place(index) for index in range(max(len(point.options) for point in mine))]
        out[task] = max(accuracy(mine, policy)[task] for policy in policies)
    return out


def _always(text: str) -> Policy:
    return lambda point: text


def _place(index: int) -> Policy:
    return lambda point: point.options[index] if index < len(point.options) else None
