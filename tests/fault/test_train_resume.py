"""SIGKILL of the trainer at ten random moments, some while it writes a checkpoint: the same product."""

import csv
import random
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from components.core.hashing import sha256_tree
from components.train.recipe import Recipe
from tests.support.small_dataset import Products, small_products
from tests.support.train_child import train
from tests.support.train_jobs import job_of, run_job, start

STEPS, EVERY, BATCH, KILLS = 24, 2, 3, 10
PATIENCE_S = 300.0


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Products:
    return small_products(tmp_path_factory.mktemp("resume"))


@pytest.fixture(scope="module")
def base(products: Products, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from components.base.run import dialogue_texts
    from components.model.tiny import build_tiny

    folder = tmp_path_factory.mktemp("base") / "base"
    return Path(build_tiny(folder, dialogue_texts(products.dataset), 0, states=False))


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return Recipe(
        steps=STEPS, batch=BATCH, token_budget=1024, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01,
        warmup=0.05, clip=1.0, zero_stage=1, offload=False, dtype="float32", grad_dtype="float32",
        gradient_checkpointing=False, freeze=("vision",), gamma=2.0, rules="corrected", offsets=(0, 60, 400),
        checkpoints=(5, 16), check_every=7, check_samples=1, save_every=EVERY,
        keep_checkpoints=2, ranks=1, hang_s=30.0, cache_mb=64.0, window_turns=120,
    )  # fmt: skip


def newest(resume: Path) -> int:
    """Step of the newest receipt."""
    return max((int(path.stem.split("-")[1]) for path in resume.glob("receipts/step-*.json")), default=0)


def wait_for(condition, child) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline and child.exitcode is None
        time.sleep(0.001)


def kill_once(job: dict, resume: Path, log: Path, moment: int, pick: random.Random) -> None:
    """Start, wait for a moment that `moment` and `pick` choose, SIGKILL."""
    before = newest(resume)
    (child,) = start(train, job, str(log))
    if moment == 0:  # somewhere in its start
        time.sleep(pick.uniform(0.0, 1.0))
    elif moment % 2:  # while a checkpoint is written: 4 ms to 60 ms, from the first byte to its receipt
        wait_for(lambda: any(resume.glob(".new-step-*")), child)
        time.sleep(pick.uniform(0.0, 0.06))
    else:  # anywhere in the steps after the next checkpoint
        wait_for(lambda: newest(resume) > before, child)
        time.sleep(pick.uniform(0.0, 0.3))
    child.kill()
    child.join()
    assert child.exitcode == -9


def test_ten_kills_leave_the_same_product(
    products: Products, base: Path, recipe: Recipe, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    assert run_job(job_of(products, base, replace(recipe, save_every=0), whole), tmp_path / "whole.log") == [
        0
    ]
    out, resume, log = tmp_path / "out", tmp_path / "resume", tmp_path / "killed.log"
    job, pick, seen = job_of(products, base, recipe, out, resume=resume), random.Random(4), []
    for moment in range(KILLS):
        kill_once(job, resume, log, moment, pick)
        seen.append(newest(resume))
        assert len(list(resume.glob("receipts/*"))) <= recipe.keep_checkpoints + 1
    assert seen == sorted(seen) and 0 < seen[-1] < STEPS
    assert run_job(job, log) == [0], log.read_text()[-3000:]
    assert sha256_tree(out) == sha256_tree(whole)
    assert log.read_text().count("goes on after step") >= 5


def test_the_stream_has_no_repeat_and_no_gap(
    products: Products, base: Path, recipe: Recipe, tmp_path: Path
) -> None:
    """Killed once after a checkpoint: every step has its samples, each sample once before any comes again."""
    resume, out = tmp_path / "resume", tmp_path / "out"
    job = job_of(products, base, recipe, out, resume=resume)
    (child,) = start(train, job, str(tmp_path / "log"))
    wait_for(lambda: newest(resume) >= 6, child)
    child.kill()
    child.join()
    assert run_job(job, tmp_path / "log") == [0]
    with (out / "curves/stream.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["step"]) for row in rows] == [step for step in range(1, STEPS + 1) for _ in range(BATCH)]
    ids = [row["sample"].split("@")[0] for row in rows]
    total = len(set(ids))
    assert STEPS * BATCH > total > BATCH
    assert set(Counter(ids[:total]).values()) == {1}
