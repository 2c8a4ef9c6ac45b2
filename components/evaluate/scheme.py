"""Scored points of any benchmark, how they add up to a table, and bootstrap intervals over videos.

A table is `tasks` (correct, total, accuracy), `groups` and `total`, in percent with two decimals. Shapes:
D draws, V videos, T tasks, G groups.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from components.core.seeds import rng

Array = npt.NDArray[np.float64]
Measures = dict[tuple[str, str], Array]  # kind (tasks, groups, total) and name -> percent
DRAWS = 2000
TAILS = (2.5, 97.5)


class HasCredit(Protocol):
    """What a table needs of a point: `credit` is 1 or 0, or a part (an expectation, an overlap)."""

    @property
    def task(self) -> str:
        """The task the point belongs to."""
        ...

    @property
    def credit(self) -> float:
        """What the answer is worth, 0 to 1."""
        ...


@dataclass(frozen=True)
class Scored:
    """One scored point: `id` pairs it with the same point of another run, `video` is resampled whole."""

    id: str
    video: str
    task: str
    credit: float


@dataclass(frozen=True)
class Scheme:
    """How a benchmark adds up.

    Attributes:
        groups: the tasks of every group, in the order in which they are shown.
        total: the mean of the groups, of the tasks, or of all points.

    """

    groups: Mapping[str, tuple[str, ...]]
    total: Literal["groups", "tasks", "points"]

    @property
    def tasks(self) -> tuple[str, ...]:
        """Every task once, in the order of the groups."""
        return tuple(dict.fromkeys(task for tasks in self.groups.values() for task in tasks))


def by_task(points: Iterable[HasCredit]) -> dict[str, list[float]]:
    """The credits of every task."""
    credits: dict[str, list[float]] = {}
    for point in points:
        credits.setdefault(point.task, []).append(point.credit)
    return credits


def table(points: Iterable[HasCredit], scheme: Scheme) -> dict[str, Any]:
    """The score table; a group is the mean of its tasks present, None where none is."""
    credits = by_task(points)
    tasks = {task: credits[task] for task in scheme.tasks if task in credits}
    credit_T = np.array([sum(values) for values in tasks.values()])
    count_T = np.array([float(len(values)) for values in tasks.values()])
    shown = measures(credit_T, count_T, list(tasks), scheme)
    return {
        "tasks": {task: cell(values) for task, values in tasks.items()},
        "groups": {group: number(shown.get(("groups", group))) for group in scheme.groups},
        "total": number(shown.get(("total", ""))),
    }


def cell(credits: Sequence[float]) -> dict[str, Any]:
    """One task: credit in all (an integer where it is whole), points, percent."""
    correct = round(float(sum(credits)), 2)
    return {
        "correct": int(correct) if correct.is_integer() else correct,
        "total": len(credits),
        "accuracy": round(100 * sum(credits) / len(credits), 2),
    }


def number(value: Array | None) -> float | None:
    """Two decimals; None of nothing."""
    return None if value is None or np.isnan(value) else round(float(value), 2)


def measures(credit: Array, count: Array, tasks: Sequence[str], scheme: Scheme) -> Measures:
    """Percent of every task, group and in total from sums per task.

    Args:
        credit: summed credit, (..., T).
        count: number of points, (..., T); a task without any is NaN and left out of its means.
        tasks: the names along T.
        scheme: how they add up.

    Returns:
        `("tasks", name)`, `("groups", name)` (groups with a task only) and `("total", "")`, each (...).

    """
    if not tasks:
        return {}
    accuracy = 100 * np.divide(credit, count, out=np.full(credit.shape, np.nan), where=count > 0)
    shown = {("tasks", task): accuracy[..., place] for place, task in enumerate(tasks)}
    for group, members in scheme.groups.items():
        places = [tasks.index(task) for task in members if task in tasks]
        if places:
            shown[("groups", group)] = mean_present(accuracy[..., places])
    if scheme.total == "points":
        shown[("total", "")] = 100 * credit.sum(axis=-1) / np.maximum(count.sum(axis=-1), 1)
    else:
        kept = [value for (kind, _), value in shown.items() if kind == scheme.total]
        shown[("total", "")] = mean_present(np.stack(kept, axis=-1))
    return shown


def mean_present(values: Array) -> Array:
    """The mean along the last axis without NaN; NaN where nothing is left."""
    there = ~np.isnan(values)
    sums, number_ = np.where(there, values, 0.0).sum(axis=-1), there.sum(axis=-1)
    mean: Array = np.divide(sums, number_, out=np.full(sums.shape, np.nan), where=number_ > 0)
    return mean


def sums_by_video(
    points: Sequence[Scored], tasks: Sequence[str], videos: Sequence[str]
) -> tuple[Array, Array]:
    """Credit and number of points per video and task, both (V, T)."""
    column = {task: place for place, task in enumerate(tasks)}
    row = {video: place for place, video in enumerate(videos)}
    credit_VT, count_VT = np.zeros((len(videos), len(tasks))), np.zeros((len(videos), len(tasks)))
    for point in points:
        credit_VT[row[point.video], column[point.task]] += point.credit
        count_VT[row[point.video], column[point.task]] += 1
    return credit_VT, count_VT


def times_drawn(videos: int, seed: int, *names: str) -> Array:
    """How often each video is in each of `DRAWS` resamples with replacement, (D, V)."""
    chosen_DV = rng(seed, "bootstrap", *names).integers(0, videos, (DRAWS, videos))
    slots = (chosen_DV + videos * np.arange(DRAWS)[:, None]).ravel()
    return np.bincount(slots, minlength=DRAWS * videos).reshape(DRAWS, videos).astype(float)


def bounds(draws: Array) -> list[float] | None:
    """The 95 % percentile bounds, two decimals; None where no draw has a value."""
    kept = draws[~np.isnan(draws)]
    return [round(float(value), 2) for value in np.percentile(kept, TAILS)] if len(kept) else None


def intervals(points: Sequence[Scored], scheme: Scheme, seed: int) -> dict[str, Any]:
    """95 % bootstrap intervals of every task, group and the total; videos are resampled whole.

    A draw without a point of some task leaves that task out of its group there. With fewer than two videos
    there is nothing to resample, and every interval is None.
    """
    shown = table(points, scheme)
    tasks, videos = list(shown["tasks"]), sorted({point.video for point in points})
    draws: Measures = {}
    if len(videos) > 1:
        credit_VT, count_VT = sums_by_video(points, tasks, videos)
        times_DV = times_drawn(len(videos), seed)
        draws = measures(times_DV @ credit_VT, times_DV @ count_VT, tasks, scheme)
    found = {key: bounds(values) for key, values in draws.items()}
    return {
        "tasks": {task: found.get(("tasks", task)) for task in tasks},
        "groups": {group: found.get(("groups", group)) for group in scheme.groups},
        "total": found.get(("total", "")),
        "videos": len(videos),
    }


def with_intervals(points: Sequence[Scored], scheme: Scheme, seed: int) -> dict[str, Any]:
    """The table with `intervals` beside it."""
    return {**table(points, scheme), "intervals": intervals(points, scheme, seed)}
