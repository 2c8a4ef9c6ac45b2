"""What the engine keeps: fp32 master weights under bf16, whole frozen weights under ZeRO-3, offload."""

import json
import shutil
from dataclasses import replace

import pytest
import torch

from components.train import config, engine
from components.train.module import LossOptions, StreamLoss
from components.train.order import plan_step
from components.train.run import open_adapter, open_data
from components.train.step import engine_step


@pytest.fixture
def begin(products, base):
    """An engine on the tiny model, its adapter, and a function that trains one step."""

    def start(recipe):
        adapter = open_adapter(base, recipe, 0)
        data = open_data(adapter, products.dataset, products.media, recipe)
        started = engine.start_engine(StreamLoss(adapter, LossOptions("focal", 2.0)), recipe)
        adapter.model.train()

        def one_step(step):
            plan = plan_step(0, step, data.train, data.measure, recipe, 1)
            packs = [data.encode(chosen) for chosen in plan.of_rank(0, 1)]
            return engine_step(started, packs, adapter.state_ids, step=step)

        return started, adapter, one_step

    return start


def whole(weight, stage):
    """A copy of a weight as the model computes with it; ZeRO-3 has only slices between the steps."""
    import deepspeed

    with deepspeed.zero.GatheredParameters([weight], enabled=stage == 3):
        return weight.detach().clone()


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_bf16_has_fp32_master_weights_and_fp32_rows(begin, recipe, stage):
    small = replace(recipe, dtype="bfloat16", zero_stage=stage, lr=1e-6)
    started, adapter, one_step = begin(small)
    from deepspeed.utils import safe_get_full_fp32_param

    name, weight = next((n, p) for n, p in adapter.model.named_parameters() if n.endswith("q_proj.weight"))
    before_bf16, before = whole(weight, stage), safe_get_full_fp32_param(weight).clone()
    done = one_step(0)
    after = safe_get_full_fp32_param(weight)
    assert before.dtype == after.dtype == torch.float32 and weight.dtype == torch.bfloat16
    moved = (after - before).abs().max().item()
    assert 0 < moved < 1e-5, name  # a step that bfloat16 weights of 0.06 cannot show
    assert (whole(weight, stage) != before_bf16).float().mean() < 0.05
    assert all(row.dtype == torch.float32 for row in done.ce)
    master = [group["params"] for group in started.optimizer.optimizer.param_groups]
    assert {value.dtype for params in master for value in params} == {torch.float32}


def test_zero_3_cuts_no_frozen_weight(begin, recipe, tmp_path, monkeypatch):
    """With a threshold of 0 DeepSpeed would cut every parameter, also those of the tower."""
    folder = shutil.copytree(config.CONFIGS, tmp_path / "configs")
    values = json.loads((folder / "zero3.json").read_text())
    values["zero_optimization"]["stage3_param_persistence_threshold"] = 0
    (folder / "zero3.json").write_text(json.dumps(values))
    monkeypatch.setattr(
        engine, "engine_config", lambda recipe, ranks: config.engine_config(recipe, ranks, folder)
    )
    started, adapter, one_step = begin(replace(recipe, zero_stage=3))
    for _ in range(2):
        for name, value in adapter.model.named_parameters():
            assert (value.numel() > 0) == (not value.requires_grad), name
        one_step(0)
    assert started.zero_optimization_stage() == 3


def test_an_offloaded_optimizer_trains_alike(begin, recipe):
    rows = []
    for offload in (False, True):
        _, _, one_step = begin(replace(recipe, zero_stage=2, offload=offload))
        rows.append([one_step(step).row for step in range(3)])
    for plain, moved in zip(*rows, strict=True):
        assert moved == pytest.approx(plain, rel=1e-6)


def test_gradient_checkpointing_changes_no_value(begin, recipe):
    rows = []
    for on in (False, True):
        _, adapter, one_step = begin(replace(recipe, gradient_checkpointing=on))
        calls = []
        layer = adapter.model.model.language_model.layers[0]
        layer.mlp.register_forward_hook(lambda *_, calls=calls: calls.append(1))
        rows.append([one_step(step).row for step in range(2)])
        packs = len(calls)
        rows[-1].append({"forwards": packs})
    assert rows[0][:2] == [pytest.approx(row, rel=1e-6) for row in rows[1][:2]]
    assert rows[1][2]["forwards"] == 2 * rows[0][2]["forwards"]
