"""Curves as CSV inside the product: deterministic, and plotted by `dvc plots`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from components.core.files import write_text
from components.train.check import COLUMNS
from components.train.statistics import PARTS
from components.train.step import all_reduce

Row = dict[str, float | None]
LOSS_COLUMNS = ("step", "loss", *(f"ce_{name}" for name in PARTS), "lr", "grad_norm")
STATE_COLUMNS = ("step", *COLUMNS)
COUNTS = ("samples", "cut", "windows", "skipped_turns", "sequences", "packs", "tokens")  # of order.Step
SAMPLE_COLUMNS = ("step", *COUNTS, "fill")


class Curves:
    """Rows of `curves/*.csv`: loss and samples (each step), states and tasks (each check).

    A row of tasks holds the mean cross-entropy of every supervised token trained on since the last check, by
    the task of its sample: the same unit whatever the loss. An empty cell: no such sample in between.
    A row of samples says what became of those drawn: how many were cut into windows, how many turns were
    skipped because each alone exceeds the token budget, and how full the packs were.
    Every rank holds the same rows; the sums that are not a row yet are each rank's own.
    """

    def __init__(self, tasks: Sequence[str]) -> None:
        self.names = sorted(set(tasks))
        self.loss: list[Row] = []
        self.samples: list[Row] = []
        self.states: list[Row] = []
        self.tasks: list[Row] = []
        self._sums = torch.zeros(2, len(self.names), dtype=torch.float64)

    def count(self, tasks: Sequence[str], sums_2S: Tensor) -> None:
        """Add cross-entropies and rows of S sequences (`statistics.by_sequence`), each of the task named."""
        places = torch.tensor([self.names.index(task) for task in tasks], dtype=torch.int64)
        self._sums.index_add_(1, places, sums_2S)

    def check(self, step: int, shares: Mapping[str, float]) -> None:
        """A row of states from `check.check`, and one of tasks; called on all ranks at the same step."""
        self.states.append({"step": step, **shares})
        sums, rows = all_reduce(self._sums.clone()).tolist()
        self._sums.zero_()
        means = [total / count if count else None for total, count in zip(sums, rows, strict=True)]
        self.tasks.append({"step": step, **dict(zip(self.names, means, strict=True))})

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of rank 0, as JSON."""
        parts = {"loss": self.loss, "samples": self.samples, "states": self.states, "tasks": self.tasks}
        return {"names": self.names, **parts, "sums": all_reduce(self._sums.clone()).tolist()}

    def restore(self, state: Mapping[str, Any], *, rank: int = 0) -> None:
        """Go on from `state()`; the sums of all ranks go to rank 0, so that their number may change."""
        self.names = list(state["names"])
        self.loss, self.samples = list(state["loss"]), list(state["samples"])
        self.states, self.tasks = list(state["states"]), list(state["tasks"])
        sums_2K = torch.tensor(state["sums"], dtype=torch.float64)
        self._sums = sums_2K if rank == 0 else torch.zeros_like(sums_2K)

    def write(self, out_dir: Path) -> None:
        """Write the files under `out_dir/curves/`."""
        write_text(out_dir / "curves/loss.csv", _csv(LOSS_COLUMNS, self.loss))
        write_text(out_dir / "curves/samples.csv", _csv(SAMPLE_COLUMNS, self.samples))
        write_text(out_dir / "curves/states.csv", _csv(STATE_COLUMNS, self.states))
        write_text(out_dir / "curves/tasks.csv", _csv(("step", *self.names), self.tasks))


def _csv(columns: Sequence[str], rows: Sequence[Row]) -> str:
    lines = [",".join(columns), *(",".join(_cell(row[column]) for column in columns) for row in rows)]
    return "\n".join(lines) + "\n"


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
