"""Accuracy tables of questions that are right or wrong, with intervals over whole videos.

Shapes: X resamples (one for the score itself), C videos, K cells, one for each pair of task and group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from components.core.seeds import rng

Array = npt.NDArray[np.float64]
Part = Literal["tasks", "groups"]
DRAWS = 1000
TAILS = (2.5, 97.5)


@dataclass(frozen=True)
class Item:
    """One question with options, in a benchmark's own order.

    Attributes:
        id: unique in the file.
        task: what its accuracy is told under.
        group: what it also counts in.
        video: bootstrap draws resample all questions of a video together.
        options: texts without their letters; empty where there is none to choose from.
        truth: place of the right option.

    """

    id: str
    task: str
    group: str
    video: str
    options: tuple[str, ...]
    truth: int


@dataclass(frozen=True)
class Shape:
    """How a benchmark averages: over all questions, over tasks, or over groups, and its order of names."""

    groups: Literal["items", "tasks"]
    total: Literal["items", "tasks", "groups"]
    tasks: tuple[str, ...] = ()
    group_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Accuracies:
    """Percent by task and group and in total, (X,) each; NaN where a resample holds no such question."""

    tasks: Mapping[str, Array]
    groups: Mapping[str, Array]
    total: Array


class Tables:
    """Scores of one list of questions, for any credits, on one set of resamples."""

    def __init__(self, items: Sequence[Item], shape: Shape, seed: int):
        """`seed`: of the resamples; equal for equal numbers of videos, so that models are paired."""
        self.items, self.shape, self.seed = items, shape, seed
        self.cells = sorted({(item.task, item.group) for item in items})
        self.videos = sorted({item.video for item in items})
        rows = {name: place for place, name in enumerate(self.videos)}
        columns = {cell: place for place, cell in enumerate(self.cells)}
        self.rows = np.array([rows[item.video] for item in items], dtype=np.int64)
        self.columns = np.array([columns[(item.task, item.group)] for item in items], dtype=np.int64)
        self.tasks = in_order({task for task, _ in self.cells}, shape.tasks)
        self.groups = in_order({group for _, group in self.cells}, shape.group_names)

    def table(self, credits: Sequence[float]) -> dict[str, Any]:
        """`tasks` (correct, total, accuracy), `groups` and `total` in percent, two decimals."""
        sums_CK, counts_CK = self.sums(credits)
        found = self.accuracies(sums_CK.sum(0)[None], counts_CK.sum(0)[None])
        tasks = {}
        for task in self.tasks:
            mine = self.of("tasks", task)
            correct = round(float(sums_CK[:, mine].sum()), 2)
            tasks[task] = {
                "correct": int(correct) if correct.is_integer() else correct,
                "total": int(counts_CK[:, mine].sum()),
                "accuracy": percent(found.tasks[task]),
            }
        groups = {group: percent(found.groups[group]) for group in self.groups}
        return {"tasks": tasks, "groups": groups, "total": percent(found.total)}

    def with_intervals(self, credits: Sequence[float]) -> dict[str, Any]:
        """`table` with 95 % bootstrap bounds of every task, group and the total under `intervals`."""
        draws = self.draws(credits)
        intervals = {
            "tasks": {task: bounds(draws.tasks[task]) for task in self.tasks},
            "groups": {group: bounds(draws.groups[group]) for group in self.groups},
            "total": bounds(draws.total),
        }
        return {**self.table(credits), "intervals": intervals}

    def paired(self, before: Sequence[float], after: Sequence[float]) -> dict[str, Any]:
        """`after` minus `before` on the same resamples, for every task, group and the total."""
        old, new = self.table(before), self.table(after)
        old_X, new_X = self.draws(before), self.draws(after)
        tasks = {
            task: difference(
                old["tasks"][task]["accuracy"],
                new["tasks"][task]["accuracy"],
                new_X.tasks[task] - old_X.tasks[task],
                old["tasks"][task]["total"],
            )
            for task in self.tasks
        }
        groups = {
            group: difference(
                old["groups"][group],
                new["groups"][group],
                new_X.groups[group] - old_X.groups[group],
                sum(item.group == group for item in self.items),
            )
            for group in self.groups
        }
        total = difference(old["total"], new["total"], new_X.total - old_X.total, len(self.items))
        return {"tasks": tasks, "groups": groups, "total": total}

    def sums(self, credits: Sequence[float]) -> tuple[Array, Array]:
        """Credit and number of questions of each video and cell, (C, K) both."""
        size = (len(self.videos), len(self.cells))
        sums_CK, counts_CK = np.zeros(size), np.zeros(size)
        np.add.at(sums_CK, (self.rows, self.columns), np.asarray(credits, dtype=np.float64))
        np.add.at(counts_CK, (self.rows, self.columns), 1.0)
        return sums_CK, counts_CK

    def draws(self, credits: Sequence[float]) -> Accuracies:
        """Accuracies under `DRAWS` resamples of whole videos."""
        sums_CK, counts_CK = self.sums(credits)
        videos = len(self.videos)
        generator = rng(self.seed, "bootstrap videos", videos)
        weights_XC = generator.multinomial(videos, np.full(videos, 1 / videos), DRAWS).astype(np.float64)
        return self.accuracies(weights_XC @ sums_CK, weights_XC @ counts_CK)

    def accuracies(self, sums_XK: Array, counts_XK: Array) -> Accuracies:
        """The benchmark's averages of summed credits and counts."""
        tasks = {task: ratio(sums_XK, counts_XK, self.of("tasks", task)) for task in self.tasks}
        groups = {}
        for group in self.groups:
            mine = self.of("groups", group)
            members = sorted({self.cells[place][0] for place in mine})
            by_items = self.shape.groups == "items"
            groups[group] = ratio(sums_XK, counts_XK, mine) if by_items else mean([tasks[m] for m in members])
        everything = list(range(len(self.cells)))
        total = {
            "items": lambda: ratio(sums_XK, counts_XK, everything),
            "tasks": lambda: mean(list(tasks.values())),
            "groups": lambda: mean(list(groups.values())),
        }[self.shape.total]()
        return Accuracies(tasks, groups, total)

    def of(self, part: Part, name: str) -> list[int]:
        """The cells of a task or a group."""
        index = 0 if part == "tasks" else 1
        return [place for place, cell in enumerate(self.cells) if cell[index] == name]


def in_order(present: set[str], known: Sequence[str]) -> list[str]:
    """The names present: known ones in their order, then the others sorted."""
    return [*(name for name in known if name in present), *sorted(present - set(known))]


def ratio(sums_XK: Array, counts_XK: Array, cells: Sequence[int]) -> Array:
    """Percent right of some cells together, (X,); NaN of no question."""
    counts_X = counts_XK[:, cells].sum(1)
    shares_X = np.full(len(counts_X), np.nan)
    np.divide(sums_XK[:, cells].sum(1), counts_X, out=shares_X, where=counts_X > 0)
    return 100 * shares_X


def mean(parts: Sequence[Array]) -> Array:
    """The mean of those present (not NaN), (X,)."""
    stacked_PX = np.stack(parts)
    there_PX = ~np.isnan(stacked_PX)
    out_X = np.full(stacked_PX.shape[1], np.nan)
    number_X = there_PX.sum(0)
    np.divide(np.where(there_PX, stacked_PX, 0.0).sum(0), number_X, out=out_X, where=number_X > 0)
    return out_X


def percent(values_X: Array) -> float | None:
    """The first of (X,) values with two decimals; None of NaN."""
    value = float(values_X[0])
    return None if np.isnan(value) else round(value, 2)


def bounds(draws_X: Array) -> list[float] | None:
    """Lower and upper 95 % percentile bound, two decimals; draws without such a question are left out."""
    kept = draws_X[~np.isnan(draws_X)]
    return [round(float(value), 2) for value in np.percentile(kept, TAILS)] if len(kept) else None


def difference(before: float | None, after: float | None, draws_X: Array, count: int) -> dict[str, Any]:
    """One row of a paired comparison in percentage points."""
    apart = None if before is None or after is None else round(after - before, 2)
    row = {"before": before, "after": after, "difference": apart}
    return {**row, "interval": bounds(draws_X), "n": count}
