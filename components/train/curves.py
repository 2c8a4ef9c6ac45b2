"""Curves as CSV inside the product: deterministic, and plotted by `dvc plots`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from components.core.files import write_text
from components.train.check import COLUMNS
from components.train.statistics import PARTS

LOSS_COLUMNS = ("step", "loss", *(f"ce_{name}" for name in PARTS), "lr", "grad_norm")
STATE_COLUMNS = ("step", *COLUMNS)


class Curves:
    """Rows of `curves/loss.csv` (each step) and `curves/states.csv` (each check), written at the end."""

    def __init__(self) -> None:
        self.loss: list[dict[str, float]] = []
        self.states: list[dict[str, float]] = []

    def write(self, out_dir: Path) -> None:
        """Write both files under `out_dir/curves/`."""
        write_text(out_dir / "curves/loss.csv", _csv(LOSS_COLUMNS, self.loss))
        write_text(out_dir / "curves/states.csv", _csv(STATE_COLUMNS, self.states))


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, float]]) -> str:
    lines = [",".join(columns)]
    lines += [",".join(f"{row[column]:.6g}" for column in columns) for row in rows]
    return "\n".join(lines) + "\n"
