"""Columns of test points (matched, naive) and bootstrap intervals over their matched sets.

An annotation entry, or a single test point of it, may carry `points` (`matched` or `naive`; naive if absent)
and `match` (the id of the set that is resampled whole; its own entry if absent).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from components.core.seeds import rng
from components.evaluate.ovo_format import GROUPS, Entry
from components.evaluate.ovo_rules import PointScore, table

COLUMNS = ("matched", "naive")
DRAWS = 2000
TAILS = (2.5, 97.5)
Points = list[PointScore]
Draws = npt.NDArray[np.float64]


class Tags:
    """Column and matched set of every point of an annotation file."""

    def __init__(self, entries: Sequence[Entry]):
        self.by_key = {(entry["task"], entry["id"]): entry for entry in entries}

    def get(self, point: PointScore, key: str) -> str:
        """`points` or `match` of a point: its own value, else its entry's, else the default."""
        entry = self.by_key[(point.task, point.entry)]
        own = entry["test_info"][point.index] if "test_info" in entry else {}
        default = "naive" if key == "points" else f"{point.task}-{point.entry}"
        return str(own.get(key, entry.get(key, default)))

    def column(self, points: Points, name: str) -> Points:
        """The points of one column."""
        return [point for point in points if self.get(point, "points") == name]


def task_draws(points: Points, tags: Tags, seed: int) -> Draws:
    """Accuracy in percent of one task under `DRAWS` resamples of its matched sets, (DRAWS,)."""
    sums: dict[str, float] = {}
    counts: dict[str, int] = {}
    for point in points:
        name = tags.get(point, "match")
        sums[name] = sums.get(name, 0.0) + point.credit
        counts[name] = counts.get(name, 0) + 1
    credit_C, count_C = np.array(list(sums.values())), np.array(list(counts.values()))
    chosen_DC = rng(seed, "bootstrap", points[0].task).integers(0, len(credit_C), (DRAWS, len(credit_C)))
    draws: Draws = 100 * credit_C[chosen_DC].sum(axis=1) / count_C[chosen_DC].sum(axis=1)
    return draws


def mean_draws(draws: Iterable[Draws | None]) -> Draws | None:
    """Draw by draw the mean of those present; None of nothing."""
    kept = [one for one in draws if one is not None]
    return np.mean(kept, axis=0) if kept else None


def bounds(draws: Draws | None) -> list[float] | None:
    """Lower and upper 95 % percentile bound, two decimals."""
    return None if draws is None else [round(float(value), 2) for value in np.percentile(draws, TAILS)]


def with_intervals(points: Points, tags: Tags, seed: int) -> dict[str, Any]:
    """The score table of `points` with the bounds of every task, group and the total under `intervals`.

    The resampling is stratified: sets are drawn within each task, and a group's draw is the mean of the draws
    of its tasks. Pooled sets would let a task with few of them vanish from a draw and so widen the interval.
    """
    shown = table(points)
    tasks = {
        task: task_draws([point for point in points if point.task == task], tags, seed)
        for task in shown["tasks"]
    }
    groups = {group: mean_draws(tasks.get(task) for task in members) for group, members in GROUPS.items()}
    return {
        **shown,
        "intervals": {
            "tasks": {task: bounds(draws) for task, draws in tasks.items()},
            "groups": {group: bounds(draws) for group, draws in groups.items()},
            "total": bounds(mean_draws(groups.values())),
        },
    }
