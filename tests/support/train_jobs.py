"""Trainings as child processes of a test: quick to start, and free to be killed."""

import multiprocessing
import os
from dataclasses import asdict
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from components.train.recipe import Recipe
from tests.support import train_child
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
        "media": str(products.media), "recipe": asdict(recipe), "method": "focal", "seed": 0,
        "resume": str(resume) if resume else None,
    }  # fmt: skip


def start(target: Any, *args: Any, ranks: int = 1, meet: Path | None = None) -> list[BaseProcess]:
    """Fork `target(*args, env)` once a rank; more than one meet in the file `meet`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.train_child"])
    children = []
    for rank in range(ranks):
        env = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(ranks)}
        if meet is not None:
            env |= {"STREAMO_MEET": str(meet), "GLOO_SOCKET_IFNAME": "lo"}
        child = context.Process(target=target, args=(*args, env), daemon=True)
        child.start()
        children.append(child)
    return children


def run_job(job: dict[str, Any], log: Path, *, ranks: int = 1, patience_s: float = 300.0) -> list[int | None]:
    """Train to the end; exit codes of the ranks (None: it did not end in time, and was killed)."""
    meet = log.with_name(f"{log.name}.meet-{os.getpid()}")
    meet.unlink(missing_ok=True)
    children = start(train_child.train, job, str(log), ranks=ranks, meet=meet if ranks > 1 else None)
    for child in children:
        child.join(patience_s)
    codes = [child.exitcode for child in children]
    for child in children:
        child.kill()
        child.join()
    return codes
