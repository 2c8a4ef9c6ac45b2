"""The composition of a dataset as SVG files of the product, ours beside the paper's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.core.files import write_text
from components.dataset.bars import bar_pairs

TITLES = {
    "tasks": "Samples by task, percent",
    "durations": "Videos by duration, percent",
    "states": "Turns by state, percent",
}


def write_plots(folder: Path, composition: Mapping[str, Any]) -> None:
    """`tasks.svg`, `durations.svg` and `states.svg` in `folder`."""
    for name, title in TITLES.items():
        write_text(folder / f"{name}.svg", bar_pairs(title, composition[name]))
