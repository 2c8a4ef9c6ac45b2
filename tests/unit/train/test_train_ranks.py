"""Two ranks over gloo: the same training as one, whatever is sharded; resumed by another number of ranks."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from components.core.files import read_json
from tests.support.train_child import disagree
from tests.support.train_jobs import job_of, run_job, start

STEPS = 21  # the last one has no checkpoint: the state of step 20 has the curves in full precision


@pytest.fixture
def train(products, base, tmp_path):
    """`train(name, recipe, ranks)` runs to the end and gives its folder and its private folder.

    Whatever the ranks, started with what torchrun would tell them: one line of progress, the first rank's.
    """

    def run(name, recipe, ranks):
        out, resume, log = tmp_path / f"{name}/out", tmp_path / f"{name}/resume", tmp_path / f"{name}.log"
        job = job_of(products, base, recipe, out, resume=resume)
        assert run_job(job, log, ranks=ranks) == [0] * ranks, log.read_text()[-3000:]
        assert log.read_text().count(f"train {recipe.steps}/{recipe.steps} (100 %)") == 1
        return out, resume

    return run


def of_step(resume, step):
    return read_json(resume / f"step-{step:07d}/state.json")["curves"]["loss"]


def distance(one, other):
    first, second = load_file(one / "model.safetensors"), load_file(other / "model.safetensors")
    assert set(first) == set(second)
    return max((first[name] - second[name]).abs().max().item() for name in first)


@pytest.mark.parametrize("stage", [0, 2, 3])
def test_two_ranks_train_what_one_rank_does_with_accumulation(train, recipe, stage):
    """fp32, 20 steps: loss within 1e-5 relative, weights within 1e-5."""
    small = replace(recipe, zero_stage=stage, steps=STEPS, save_every=20, check_every=50, checkpoints=(20,))
    one, state_of_one = train("one", small, 1)
    two, state_of_two = train("two", small, 2)
    assert distance(one / "step-20", two / "step-20") < 1e-5
    rows = list(zip(of_step(state_of_one, 20), of_step(state_of_two, 20), strict=True))
    assert len(rows) == 20
    for single, double in rows:
        for name in ("loss", "ce_silence", "ce_response", "ce_text", "grad_norm"):
            assert double[name] == pytest.approx(single[name], rel=1e-5, abs=1e-9), (name, single["step"])
    assert (one / "curves/stream.csv").read_bytes() == (two / "curves/stream.csv").read_bytes()


@pytest.mark.parametrize(("stage", "ranks"), [(0, (2, 1)), (1, (2, 1)), (2, (1, 2)), (3, (2, 1))])
def test_a_checkpoint_is_gone_on_from_by_another_number_of_ranks(
    train, recipe, products, base, tmp_path, stage, ranks
):
    small = replace(recipe, zero_stage=stage, steps=6, save_every=4, check_every=50, checkpoints=())
    whole, _ = train("whole", small, ranks[1])
    _, resume = train("begun", small, ranks[0])
    before = of_step(resume, 4)
    out, log = tmp_path / "out", tmp_path / "log"
    job = job_of(products, base, small, out, resume=resume)
    assert run_job(job, log, ranks=ranks[1]) == [0] * ranks[1], log.read_text()[-3000:]
    assert log.read_text().count("goes on after step 4") == 1
    assert of_step(resume, 4) == before
    assert distance(whole, out) < 1e-5


def test_another_zero_stage_is_refused_by_name(train, recipe, products, base, tmp_path):
    small = replace(recipe, steps=3, save_every=2, check_every=50, checkpoints=())
    _, resume = train("begun", small, 1)
    job = job_of(products, base, replace(small, zero_stage=2), tmp_path / "out", resume=resume)
    assert run_job(job, tmp_path / "log") == [1]
    assert "was written at ZeRO stage 1, this run is at stage 2" in (tmp_path / "log").read_text()


def test_ranks_that_count_differently_stop_before_the_first_forward(tmp_path):
    log = tmp_path / "log"
    children = start(disagree, str(log), ranks=2, meet=tmp_path / "store")
    for child in children:
        child.join(120)
    assert [child.exitcode for child in children] == [0, 0]
    lines = log.read_text().splitlines()
    assert len(lines) == 2 and all("from [3, 0] to [3, 1]" in line for line in lines)
    assert torch.distributed.is_available()
