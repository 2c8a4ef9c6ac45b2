"""Percentile bootstrap over clusters (matched pairs or triples are resampled whole)."""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from components.core.seeds import rng

T = TypeVar("T")


def cluster_interval(
    items: Sequence[T],
    clusters: Sequence[Hashable],
    statistic: Callable[[Sequence[T]], float],
    *,
    seed: int,
    draws: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Lower and upper percentile bound of `statistic` under resampling of whole clusters.

    Args:
        items: the scored points.
        clusters: one cluster id per item (same length).
        statistic: maps a list of items to a number; NaN draws are left out.
        seed: base seed of the resampling.
        draws: bootstrap resamples.
        level: coverage, e.g. 0.95.

    Raises:
        ValueError: no item, or lengths differ.

    """
    if not items or len(items) != len(clusters):
        raise ValueError(
            f"need as many clusters as items and at least one, got {len(items)} and {len(clusters)}"
        )
    groups: dict[Hashable, list[T]] = {}
    for item, cluster in zip(items, clusters, strict=True):
        groups.setdefault(cluster, []).append(item)
    members = list(groups.values())
    generator = rng(seed, "bootstrap", len(items))
    values = np.empty(draws)
    for draw in range(draws):
        chosen = generator.integers(0, len(members), len(members))
        values[draw] = statistic([item for index in chosen for item in members[index]])
    tail = 100 * (1 - level) / 2
    low, high = np.nanpercentile(values, [tail, 100 - tail])
    return float(low), float(high)


def sums_interval(
    rows: npt.NDArray[np.float64],
    statistic: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
    *,
    seed: int,
    draws: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """`cluster_interval` of a statistic of sums: the same draws, at the cost of one product a draw.

    Args:
        rows: (clusters, columns): what each cluster adds to the sums.
        statistic: maps sums (..., columns) to numbers (...); NaN draws are left out.
        seed: base seed of the resampling.
        draws: bootstrap resamples.
        level: coverage, e.g. 0.95.

    Returns:
        The bounds; NaN for both where no draw has a value.

    Raises:
        ValueError: no cluster.

    """
    if not len(rows):
        raise ValueError("need at least one cluster")
    generator, count = rng(seed, "bootstrap", len(rows)), len(rows)
    sums = np.empty((draws, rows.shape[1]))
    for draw in range(draws):
        sums[draw] = np.bincount(generator.integers(0, count, count), minlength=count) @ rows
    values = statistic(sums)
    if np.isnan(values).all():
        return float("nan"), float("nan")
    tail = 100 * (1 - level) / 2
    low, high = np.nanpercentile(values, [tail, 100 - tail])
    return float(low), float(high)
