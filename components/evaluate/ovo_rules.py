"""The scoring rules of OVO-Bench and the score table every policy and model is shown in.

Official rule (OVO-Bench's public score script): a letter question is right if the truth's letter occurs
anywhere in the answer; REC joins all digits of the answer and compares the strings; SSR and CRR accept `Y` or
`N` alone, else the substring `Yes` or `No`. A missing answer is wrong. Strict: the answer must lead with the
letter or the word and name no second one, or hold one single number (`answers`); whatever is strictly right
is also officially right.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from components.evaluate.answers import official_letter, strict_letter, text_of
from components.evaluate.ovo_format import GROUP_OF, GROUPS, TASKS

DIGITS = re.compile(r"\d+")
NUMBER = re.compile(r"[-\u2212]?\d+(?:[.,:]\d+)*")
LEADING_WORD = re.compile(r"[\s(\[\"'*]*(Yes|No)\b")
OTHER_WORD = {"Yes": re.compile(r"\bNo\b"), "No": re.compile(r"\bYes\b")}


@dataclass(frozen=True)
class PointScore:
    """One scored point: `credit` is 1 or 0 (a floor may use an expectation between them)."""

    task: str
    entry: Any
    index: int
    credit: float


def official(task: str, answer: Any, truth: str, options: Sequence[str] = ()) -> bool:
    """Whether OVO-Bench's own rule accepts `answer` (any value); `options` matter to `strict` only."""
    if GROUP_OF[task] != "forward":
        return official_letter(answer, truth, options).letter == truth
    text, _ = text_of(answer)
    if text is None:
        return False
    if task == "REC":
        return "".join(DIGITS.findall(text)) == truth
    if text in ("Y", "N"):
        return text == truth[0]
    return truth in text


def strict(task: str, answer: Any, truth: str, options: Sequence[str] = ()) -> bool:
    """Whether `answer` (any value) says the truth and nothing else: leading letter or word, or one number."""
    if GROUP_OF[task] != "forward":
        return strict_letter(answer, options).letter == truth
    text, _ = text_of(answer)
    if text is None:
        return False
    if task == "REC":
        return NUMBER.findall(text) == [truth]
    if text in ("Y", "N"):
        return text == truth[0]
    word = LEADING_WORD.match(text)
    return word is not None and word[1] == truth and not OTHER_WORD[truth].search(text)


def mean(values: Iterable[float]) -> float | None:
    """The mean, or None of nothing."""
    kept = list(values)
    return sum(kept) / len(kept) if kept else None


def percent(value: float | None) -> float | None:
    """Two decimals, as OVO-Bench prints them."""
    return None if value is None else round(value, 2)


def task_accuracies(points: Iterable[PointScore]) -> dict[str, float]:
    """Unrounded percent per task present."""
    sums: dict[str, list[float]] = {}
    for point in points:
        sums.setdefault(point.task, []).append(point.credit)
    return {task: 100 * sum(sums[task]) / len(sums[task]) for task in TASKS if task in sums}


def group_means(accuracies: dict[str, float]) -> dict[str, float | None]:
    """A group is the mean of its tasks present, None where none is."""
    return {group: mean(accuracies[t] for t in tasks if t in accuracies) for group, tasks in GROUPS.items()}


def table(points: Sequence[PointScore]) -> dict[str, Any]:
    """`tasks` (correct, total, accuracy), `groups` and `total` in percent: the shape of every score."""
    accuracies = task_accuracies(points)
    groups = group_means(accuracies)
    tasks = {}
    for task, accuracy in accuracies.items():
        credits = [point.credit for point in points if point.task == task]
        correct = round(sum(credits), 2)
        tasks[task] = {
            "correct": int(correct) if correct.is_integer() else correct,
            "total": len(credits),
            "accuracy": percent(accuracy),
        }
    return {
        "tasks": tasks,
        "groups": {group: percent(value) for group, value in groups.items()},
        "total": percent(mean(value for value in groups.values() if value is not None)),
    }
