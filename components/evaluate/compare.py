"""Two runs on the same test points: the paired bootstrap over videos, task by task, group by group, in total.

Each draw takes the same videos for both runs, so what a video is worth to both cancels out. `p` is two-sided:
twice the share of draws on the far side of no difference (Efron and Tibshirani, 1993, chapter 16, with one
added to both counts, so that it is never 0).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from components.core.errors import DataError
from components.evaluate.scheme import (
    Array,
    Scheme,
    Scored,
    bounds,
    measures,
    number,
    sums_by_video,
    table,
    times_drawn,
)


def paired(first: Sequence[Scored], second: Sequence[Scored], scheme: Scheme, seed: int) -> dict[str, Any]:
    """Compare two runs on the points both were scored on.

    Args:
        first: the points of the run in question.
        second: those of the run it is compared with.
        scheme: how points add up.
        seed: of the draws.

    Returns:
        `tasks`, `groups` (name -> CELL) and `total` (CELL), CELL = `{"first", "second", "difference",
        "interval", "p", "n"}` in percent; `videos`, `points`, and `only_first`, `only_second`: the points
        that have no partner and are left out.

    Raises:
        DataError: a point occurs twice, is of another video or task in the other run, or none is common.

    """
    ours, theirs = by_id(first, "first"), by_id(second, "second")
    common = sorted(ours.keys() & theirs.keys())
    if not common:
        raise DataError("the two runs have no test point in common; were they made for the same annotations?")
    for name in common:
        if (ours[name].video, ours[name].task) != (theirs[name].video, theirs[name].task):
            raise DataError(f"test point {name}: {ours[name]} in one run and {theirs[name]} in the other")
    left, right = [ours[name] for name in common], [theirs[name] for name in common]
    return {
        **compared(left, right, scheme, seed),
        "points": len(common),
        "only_first": len(ours) - len(common),
        "only_second": len(theirs) - len(common),
    }


def by_id(points: Sequence[Scored], which: str) -> Mapping[str, Scored]:
    """The points by their id; DataError if two share one."""
    found: dict[str, Scored] = {}
    for point in points:
        if found.setdefault(point.id, point) is not point:
            raise DataError(f"{which} run: test point {point.id} occurs twice; pairs need ids of their own")
    return found


def compared(left: Sequence[Scored], right: Sequence[Scored], scheme: Scheme, seed: int) -> dict[str, Any]:
    """The comparison of paired points; see `paired`."""
    ours, theirs = table(left, scheme), table(right, scheme)
    tasks, videos = list(ours["tasks"]), sorted({point.video for point in left})
    credit_VT, count_VT = sums_by_video(left, tasks, videos)
    other_VT, _ = sums_by_video(right, tasks, videos)
    times_DV = times_drawn(len(videos), seed, "paired")
    count_DT = times_DV @ count_VT
    shown = measures(times_DV @ credit_VT, count_DT, tasks, scheme)
    against = measures(times_DV @ other_VT, count_DT, tasks, scheme)
    real = measures(credit_VT.sum(axis=0), count_VT.sum(axis=0), tasks, scheme)
    beside = measures(other_VT.sum(axis=0), count_VT.sum(axis=0), tasks, scheme)
    sizes = {task: cell["total"] for task, cell in ours["tasks"].items()}

    def one(kind: str, name: str, first: float | None, second: float | None, n: int) -> dict[str, Any]:
        key = (kind, name)
        draws = shown[key] - against[key] if key in shown and len(videos) > 1 else None
        return {
            "first": first,
            "second": second,
            "difference": number(real[key] - beside[key]) if key in real else None,
            "interval": None if draws is None else bounds(draws),
            "p": None if draws is None else p_value(draws),
            "n": n,
        }

    return {
        "tasks": {
            task: one("tasks", task, cell["accuracy"], theirs["tasks"][task]["accuracy"], sizes[task])
            for task, cell in ours["tasks"].items()
        },
        "groups": {
            group: one("groups", group, value, theirs["groups"][group], sum(sizes.get(t, 0) for t in members))
            for (group, value), members in zip(ours["groups"].items(), scheme.groups.values(), strict=True)
        },
        "total": one("total", "", ours["total"], theirs["total"], len(left)),
        "videos": len(videos),
    }


def p_value(draws: Array) -> float:
    """Twice the smaller share of draws at or beyond 0, at most 1."""
    kept = draws[~np.isnan(draws)]
    low, high = int((kept <= 0).sum()), int((kept >= 0).sum())
    return round(min(1.0, 2 * (min(low, high) + 1) / (len(kept) + 1)), 4)
