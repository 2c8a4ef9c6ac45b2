"""One number with what it rests on: how many items, how many videos, and a 95 % bootstrap interval."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from components.core.bootstrap import sums_interval

Sums = npt.NDArray[np.float64]
Statistic = Callable[[Sums], Sums]  # sums (..., columns) -> values (...), NaN where there is none
FigureDict = dict[str, Any]


def figure(rows: Sums, statistic: Statistic, counts: Sums, seed: int) -> FigureDict:
    """A statistic of sums over videos, as `{value, low, high, n, videos}`.

    Args:
        rows: (videos, columns): what each video adds to the sums.
        statistic: from sums to the number.
        counts: (videos,) how many items of each video the number rests on.
        seed: of the bootstrap, which draws whole videos: what one video says hangs together.

    Returns:
        `value`, `low` and `high` are None where there is nothing to compute them from.

    """
    used = rows[counts > 0]
    found: FigureDict = {"value": None, "low": None, "high": None}
    if len(used):
        low, high = sums_interval(used, statistic, seed=seed)
        values = {"value": float(statistic(used.sum(axis=0))), "low": low, "high": high}
        found = {name: None if math.isnan(value) else round(value, 6) for name, value in values.items()}
    return {**found, "n": int(counts.sum()), "videos": len(used)}


def ratio(above: int, below: int) -> Statistic:
    """The statistic `sum of column above / sum of column below`; NaN where the latter is 0."""

    def statistic(sums: Sums) -> Sums:
        under = sums[..., below]
        return np.divide(sums[..., above], under, out=np.full_like(under, np.nan), where=under != 0)

    return statistic
