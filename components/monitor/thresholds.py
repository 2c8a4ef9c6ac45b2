"""Thresholds of many features that together keep one false-alarm rate.

If reference and current come from one distribution, the labels `reference` and `current` of the rows mean
nothing, and dealing them anew gives the distances that chance alone gives (a permutation test). The
thresholds are set so that all features are equally unlikely to pass theirs, and in at most `rate` of the
relabellings any does (single-step minP of Westfall and Young, 1993): exact for any size, with
features that move together, values that tie and columns with gaps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.core.progress import Progress
from components.core.seeds import rng
from components.monitor.relabel import Distance

CELLS = 100_000  # labels handled at a time: small enough for the cache, five times faster than 4 M
DIGITS = 6
LONG = 100_000_000  # labels in all that are worth a progress line
SLACK = 1e-9  # two distances that differ by less are the same


@dataclass(frozen=True)
class Threshold:
    """Of one feature: the distance that counts as drift, and the chance that any feature does as badly.

    `value` is None where no distance would be rare enough, e.g. a category that two rows have.
    """

    value: float | None
    chance: float


def thresholds(
    distances: Sequence[Distance], reference: int, current: int, *, rate: float, permutations: int, seed: int
) -> list[Threshold]:
    """A threshold for each distance of `reference` rows and the `current` rows that follow them.

    `permutations` relabellings are made, or 2 x features / rate where that is more.
    """
    if not distances:
        return []
    # With fewer, the rarest value of each feature would already be more than the rate allows: nothing could
    # ever be found, without a word.
    enough = max(permutations, math.ceil(2 * len(distances) / rate))
    found = relabelled(distances, reference, current, enough, seed)
    tails = np.stack([tail(column) for column in found.T], axis=1)
    worst = np.sort(tails.min(axis=1))
    allowed = [level for level in np.unique(worst) if np.mean(worst <= level) <= rate]
    level = max(allowed, default=0.0)
    return [
        Threshold(
            value=lowest(found[:, j], tails[:, j], level),
            chance=round(float(np.mean(worst <= tails[0, j])), 6),
        )
        for j in range(len(distances))
    ]


def relabelled(
    distances: Sequence[Distance], reference: int, current: int, permutations: int, seed: int
) -> npt.NDArray[np.float64]:
    """(1 + permutations, K) distances; row 0 has the labels as they are."""
    rows = reference + current
    given = np.arange(rows) < reference
    generator = rng(seed, "drift", reference, current)
    most = max(1, CELLS // rows)
    parts = [np.array([distance(given[None, :]) for distance in distances]).T]
    progress = Progress("drift: relabellings", permutations)
    for start in range(0, permutations, most):
        count = min(most, permutations - start)
        labels = generator.permuted(np.tile(given, (count, 1)), axis=1)
        parts.append(np.array([distance(labels) for distance in distances]).T)
        if rows * permutations > LONG:
            progress.step(count)
    return np.concatenate(parts)


def tail(column: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """For each distance the share of relabellings that give one at least as large."""
    ordered = np.sort(column)
    slack = SLACK * np.maximum(1.0, np.abs(column))
    below = np.searchsorted(ordered, column - slack, side="left")
    return (len(column) - below) / len(column)


def lowest(column: npt.NDArray[np.float64], tails: npt.NDArray[np.float64], level: float) -> float | None:
    """The middle between the smallest distance with a tail of at most `level` and the next smaller one."""
    rare = column[tails <= level]
    if not len(rare):
        return None
    smaller = column[tails > level]
    middle = (rare.min() + smaller.max()) / 2 if len(smaller) else rare.min()
    return round(float(middle), DIGITS)
