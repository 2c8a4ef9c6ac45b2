"""The paired bootstrap of the gate: candidate minus champion on the same units, drawn whole.

A unit is what is resampled together (a matched set of test points, a video). Each unit has a row of cells per
model, and cells of drawn units add up; a statistic turns summed cells into percent. A group of tasks is the
mean over its tasks, and units are drawn within each task, as for the scores (components/evaluate/README.md).
Shapes: D draws, U units, C cells.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.core.seeds import rng

Array = npt.NDArray[np.float64]
Statistic = Callable[[Array], Array]  # summed cells (..., C) -> percent (...)
DRAWS = 2000
LEVEL = 0.95
SEED = 0


@dataclass(frozen=True)
class Task:
    """One task as both models did it: cells (U, C) of the same units in the same order, of `clips` videos."""

    name: str
    clips: int
    candidate: Array
    champion: Array

    @property
    def units(self) -> int:
        """How many units are drawn."""
        return len(self.candidate)


@dataclass(frozen=True)
class Comparison:
    """Percent of both models, their difference in points, and its 95 % percentile interval."""

    candidate: float
    champion: float
    difference: float
    interval: tuple[float, float]


def accuracy(cells: Array) -> Array:
    """Percent correct of cells (correct, points)."""
    shown: Array = 100 * cells[..., 0] / cells[..., 1]
    return shown


def macro_f1(cells: Array) -> Array:
    """Mean F1 in percent over the states that occur; cells are the nine of a confusion table, row by row."""
    table = cells.reshape(*cells.shape[:-1], 3, 3)
    hits, seen = table.diagonal(axis1=-2, axis2=-1), table.sum(axis=-1) + table.sum(axis=-2)
    present = seen > 0
    f1 = np.where(present, 200 * hits / np.where(present, seen, 1), 0.0)
    shown: Array = f1.sum(axis=-1) / present.sum(axis=-1)
    return shown


def compare(name: str, tasks: Sequence[Task], statistic: Statistic, *, seed: int = SEED) -> Comparison:
    """Compare two models on one group of tasks.

    Args:
        name: of the group; part of the seed.
        tasks: at least one, each with at least one unit.
        statistic: `accuracy` or `macro_f1`.
        seed: of the draws.

    """
    ours = float(np.mean([statistic(task.candidate.sum(axis=0)) for task in tasks]))
    theirs = float(np.mean([statistic(task.champion.sum(axis=0)) for task in tasks]))
    differences_D = np.mean([drawn(name, task, statistic, seed) for task in tasks], axis=0)
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(differences_D, [tail, 100 - tail])
    return Comparison(
        round(ours, 2),
        round(theirs, 2),
        round(ours - theirs, 2),
        (round(float(low), 2), round(float(high), 2)),
    )


def drawn(group: str, task: Task, statistic: Statistic, seed: int) -> Array:
    """The difference under each of `DRAWS` resamples; a draw takes the same units for both models, (D,)."""
    units = task.units
    chosen_DU = rng(seed, "gate", group, task.name).integers(0, units, (DRAWS, units))
    # How often each unit was drawn: sums of cells are then one product of matrices.
    slots = (chosen_DU + units * np.arange(DRAWS)[:, None]).ravel()
    times_DU = np.bincount(slots, minlength=DRAWS * units).reshape(DRAWS, units).astype(float)
    difference: Array = statistic(times_DU @ task.candidate) - statistic(times_DU @ task.champion)
    return difference


def unseen_loss(tasks: Sequence[Task]) -> float:
    """Percentage points a group could lose in its smallest task without one clip of it showing the loss.

    Resampling cannot draw what no clip shows: where none of n clips got worse, a share of `1 - 0.025^(1/n)`
    may yet do so (the exact 97.5 % bound of no event in n; about 3.7/n). A task is one share of the mean.
    """
    fewest = min(task.clips for task in tasks)
    hidden: float = 1 - ((1 - LEVEL) / 2) ** (1 / fewest)
    return round(100 * hidden / len(tasks), 2)
