"""Columns of test points (matched, naive) and bootstrap intervals over their matched sets.

An annotation entry, or a single test point of it, may carry `points` (`matched` or `naive`; naive if absent)
and `match` (the id of the set that is resampled whole; its own entry if absent).
"""

from collections.abc import Callable, Sequence
from typing import Any

from components.core.bootstrap import cluster_interval
from components.evaluate.ovo_format import GROUPS, Entry
from components.evaluate.ovo_rules import PointScore, group_means, mean, percent, table, task_accuracies

COLUMNS = ("matched", "naive")
DRAWS = 1000
Points = list[PointScore]
Statistic = Callable[[Sequence[PointScore]], float]


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


def of_tasks(points: Sequence[PointScore]) -> float:
    """Percent: the mean of the tasks present (a group's score; one task's accuracy)."""
    return mean(task_accuracies(points).values()) or 0.0


def of_groups(points: Sequence[PointScore]) -> float:
    """Percent: the mean of the groups present (the total)."""
    groups = group_means(task_accuracies(points)).values()
    return mean(value for value in groups if value is not None) or 0.0


def bounds(points: Points, statistic: Statistic, tags: Tags, seed: int) -> list[float | None] | None:
    """Lower and upper 95 % bound in percent, whole matched sets resampled; None of no point."""
    if not points:
        return None
    clusters = [tags.get(point, "match") for point in points]
    return [percent(b) for b in cluster_interval(points, clusters, statistic, seed=seed, draws=DRAWS)]


def with_intervals(points: Points, tags: Tags, seed: int) -> dict[str, Any]:
    """The score table of `points` with the bounds of every task, group and the total under `intervals`."""
    shown = table(points)
    tasks = {t: bounds([p for p in points if p.task == t], of_tasks, tags, seed) for t in shown["tasks"]}
    groups = {
        group: bounds([p for p in points if p.task in members], of_tasks, tags, seed)
        for group, members in GROUPS.items()
    }
    total = bounds(points, of_groups, tags, seed)
    return {**shown, "intervals": {"tasks": tasks, "groups": groups, "total": total}}
