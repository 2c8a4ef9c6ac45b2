"""What the engine keeps: fp32 master weights under bf16, whole frozen weights under ZeRO-3, offload."""

from dataclasses import replace

import pytest
import torch

from components.train import engine
from components.train.feed import Feed
from components.train.module import LossOptions, StreamLoss
from components.train.order import plan_step
from components.train.run import gathered, open_adapter, open_data
from components.train.speed import Speed, shapes_of
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
            fed = Feed(data.encode, plan.of_rank(0, 1), Speed(shapes_of(adapter)))
            return engine_step(started, fed, fed.labels, adapter.state_ids, step=step)

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
    master = [value for state in started.optimizer.optimizer.state.values() for value in state.values()]
    assert {value.dtype for value in master if value.numel() > 1} == {torch.float32}  # the moments, too


@pytest.mark.parametrize("stage", [1, 3])
def test_deepspeed_never_meets_what_is_frozen(begin, recipe, base, stage):
    """Not in its tree, never cut, still what the features are computed with, and back where it is written."""
    from components.model.adapter import load

    started, adapter, one_step = begin(replace(recipe, zero_stage=stage))
    tower = load(base).model.model.visual.blocks.state_dict()
    for step in range(2):
        one_step(step)
        assert all(value.requires_grad for value in started.module.parameters())
        here = adapter.model.model.visual.blocks.state_dict()
        assert all(torch.equal(here[name], tower[name]) for name in tower)
    assert not any("visual.blocks" in name for name, _ in adapter.model.named_parameters())
    with gathered(started):
        names = list(adapter.model.state_dict())
        assert all(value.numel() for value in adapter.model.parameters())
    assert names == list(open_adapter(base, recipe, 0).model.state_dict())


def test_features_call_no_trained_module(begin, recipe, products):
    """On another rank nobody may call it at that moment: under ZeRO-3 both would wait for ever."""
    started, adapter, _ = begin(replace(recipe, zero_stage=3))
    called = []
    for name, module in started.module.named_modules():
        module.register_forward_pre_hook(lambda *_, name=name: called.append(name))
    data = open_data(adapter, products.dataset, products.media, recipe)
    plan = plan_step(0, 0, data.train, data.measure, recipe, 1)
    assert data.encode(plan.packs[0]).features.shape[0] > 0 and called == []


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
        layer.mlp.register_forward_pre_hook(lambda *_, calls=calls: calls.append(1))
        rows.append([one_step(step).row for step in range(2)])
        packs = len(calls)
        rows[-1].append({"forwards": packs})
    assert rows[0][:2] == [pytest.approx(row, rel=1e-6) for row in rows[1][:2]]
    assert rows[1][2]["forwards"] == 2 * rows[0][2]["forwards"]
