"""Evidently's two distances for many relabellings at once.

Evidently computes one distance of two columns; a threshold needs thousands, of the same values with the
labels `reference` and `current` dealt anew. `tests/unit/monitor/test_monitor_relabel.py` holds them equal.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.bool_]  # (B, N): in each of B relabellings, which of N rows are reference
Distances = npt.NDArray[np.float64]  # (B,)
SMALLEST_SPREAD = 0.001  # Evidently's floor of the reference's standard deviation


class Distance(Protocol):
    """A distance between the reference and the current rows of one column."""

    def __call__(self, labels: Labels) -> Distances:
        """One distance a relabelling; 0 where one side has no value."""


class Wasserstein:
    """Method `wasserstein`: area between the cumulative shares over the reference's standard deviation."""

    def __init__(self, values: npt.NDArray[np.float64]):
        """`values` (N,), NaN where a row has none."""
        present = np.flatnonzero(~np.isnan(values))
        self.rows = present[np.argsort(values[present], kind="stable")]
        ordered = values[self.rows]
        self.centred = ordered - ordered.mean() if len(ordered) else ordered
        self.steps = np.diff(ordered)
        self.ranks = np.arange(1, len(ordered), dtype=np.float64)

    def __call__(self, labels: Labels) -> Distances:
        """Area between the empirical distributions, step by step over the sorted values."""
        taken = labels[:, self.rows].astype(np.float64)
        n_reference = taken.sum(axis=1)
        n_current = taken.shape[1] - n_reference
        both = (n_reference > 0) & (n_current > 0)
        n_reference, n_current = np.maximum(n_reference, 1), np.maximum(n_current, 1)
        mean = taken @ self.centred / n_reference
        spread = np.sqrt(np.maximum(0.0, taken @ self.centred**2 / n_reference - mean**2))
        below = np.cumsum(taken, axis=1)[:, :-1]
        below *= (1 / n_reference + 1 / n_current)[:, None]
        below -= self.ranks / n_current[:, None]
        area = np.abs(below, out=below) @ self.steps
        return np.where(both, area / np.maximum(spread, SMALLEST_SPREAD), 0.0)


class JensenShannon:
    """Method `jensenshannon` of a category: square root of the divergence from the mean shares (nats)."""

    def __init__(self, codes: npt.NDArray[np.int64]):
        """`codes` (N,): the category of each row as a number from 0."""
        self.one_hot = np.eye(int(codes.max()) + 1)[codes]
        self.totals = self.one_hot.sum(axis=0)

    def __call__(self, labels: Labels) -> Distances:
        """The distance of the shares of the categories."""
        counts = labels.astype(np.float64) @ self.one_hot
        reference = counts / counts.sum(axis=1, keepdims=True)
        current = (self.totals - counts) / (len(self.one_hot) - counts.sum(axis=1, keepdims=True))
        middle = (reference + current) / 2
        divergence = relative_entropy(reference, middle) + relative_entropy(current, middle)
        return np.asarray(np.sqrt(np.maximum(0.0, divergence) / 2))


def relative_entropy(shares: Distances, middle: Distances) -> Distances:
    """Sum over the categories (last axis) of `shares * log(shares / middle)`; 0 where a share is 0."""
    present = shares > 0
    ratio = np.divide(shares, middle, out=np.ones_like(shares), where=present)
    return np.asarray((shares * np.log(ratio)).sum(axis=-1))
