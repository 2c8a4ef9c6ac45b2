"""Percentile bootstrap over clusters (matched pairs or triples are resampled whole)."""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import numpy as np

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
