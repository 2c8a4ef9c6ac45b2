"""Trainings as child processes, the way `components.train.launch` runs them."""

import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from components.core.files import write_json
from components.core.process import FIXED_ENV
from components.train.recipe import Recipe
from tests.support.small_dataset import Products


def job_of(
    products: Products, base: Path, recipe: Recipe, out_dir: Path, *, resume: Path | None = None
) -> dict[str, Any]:
    """What `run.train_job` takes; makes `out_dir` and the private folder."""
    out_dir.mkdir(parents=True, exist_ok=True)
    if resume is not None:
        resume.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "out_dir": str(out_dir), "base": str(base), "dataset": str(products.dataset),
        "media": str(products.media), "recipe": asdict(recipe), "loss": "focal", "seed": 0,
        "resume": str(resume) if resume else None,
    }  # fmt: skip


def start_rank(job: dict[str, Any], folder: Path, log: Path) -> "subprocess.Popen[bytes]":
    """A training in one process, its output in `log`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "job.json", job)
    argv = [sys.executable, "-m", "components.train.rank", str(folder)]
    with log.open("ab") as stream:
        return subprocess.Popen(argv, env={**os.environ, **FIXED_ENV}, stdout=stream, stderr=stream)
