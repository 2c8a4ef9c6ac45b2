"""The plots of dvc.yaml draw curves that training writes, of models that the committed params make."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.core.params import load_all
from components.train.curves import LOSS_COLUMNS, SAMPLE_COLUMNS, STATE_COLUMNS

ROOT = Path(__file__).resolve().parents[2]
PLOTS: list[dict[str, Any]] = yaml.safe_load((ROOT / "dvc.yaml").read_text())["plots"]
PARAMS = load_all(ROOT)
TASKS = {task for task in PARAMS["annotate"]["tasks"] if task != "base_qa"} | {"event_grounding"}
COLUMNS = {
    "loss": set(LOSS_COLUMNS),
    "samples": set(SAMPLE_COLUMNS),
    "states": set(STATE_COLUMNS),
    "tasks": {"step"} | TASKS,
}


@pytest.mark.parametrize("name", [name for plot in PLOTS for name in plot])
def test_a_plot_shows_every_model_of_the_matrix_once(name: str) -> None:
    (plot,) = (plot[name] for plot in PLOTS if name in plot)
    train = PARAMS["train"]
    runs = product(PARAMS["families"], train["methods"], train["seeds"])
    files = {Path(file) for file in plot["y"]}
    assert {file.parts[1] for file in files} == {f"{family}-{loss}-{seed}" for family, loss, seed in runs}
    (curve,) = {file.stem for file in files}
    assert {plot["x"], *plot["y"].values()} <= COLUMNS[curve]
    assert len(set(plot["y"].values())) == 1


def test_each_task_has_a_plot() -> None:
    drawn = {
        column
        for plot in PLOTS
        for one in plot.values()
        for file, column in one["y"].items()
        if "tasks" in file
    }
    assert drawn == TASKS
