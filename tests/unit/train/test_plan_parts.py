"""Pieces of the plan: loads, operations against counted ones, states by ZeRO stage, the order of remedies."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from components.cli.plan_train import effective_params
from components.core.errors import UsageError
from components.model.attention import use_packed
from components.model.encode import IGNORE
from components.model.freeze import freeze
from components.model.tiny import new_adapter
from components.train.module import LossOptions, StreamLoss
from components.train.plan.flops import flops_of
from components.train.plan.gpus import GPUS
from components.train.plan.load import PAPER, Lengths, Load, pack_load, sample_load
from components.train.plan.memory import Memory
from components.train.plan.published import PUBLISHED
from components.train.plan.remedies import Measure, find_remedy
from components.train.plan.settings import Settings
from components.train.plan.shapes import CONNECTOR, LLM, read_shapes
from components.train.plan.states import ALWAYS, GRADIENTS, HOST, MASTER, MOMENTS, Part, state_parts
from components.train.recipe import read_recipe
from tests.support.training_memory import make_pack

ROOT = Path(__file__).resolve().parents[3]
GB = 1e9
LENGTHS = Lengths(turns=((10, 3), (90, 1)), visual=4, patches=16, text=6, prefix=20, supervised=2.0)


def settings_of(gpus: int, **knobs: object) -> Settings:
    values = {**effective_params("paper-7b", ROOT)["train"], **knobs}
    return Settings.of(read_recipe(lambda key: values[key.removeprefix("train.")]), gpus)


def test_a_long_sample_is_cut_as_training_cuts_it() -> None:
    # 10 turns: 120 tokens. 90 turns: turns 0-29, 15-44, 30-59, 45-74, 60-89, 320 tokens each.
    load = sample_load(LENGTHS, 320, 30)
    assert load.tokens == (3 * 120 + 5 * 320) / 4
    assert load.squares == (3 * 120**2 + 5 * 320**2) / 4
    assert load.visual == 4 * (3 * 10 + 150) / 4 and load.patches == 4 * load.visual
    assert load.supervised == 2 * (3 * 10 + 90) / 4  # each turn is learnt once
    full = pack_load(LENGTHS, 320)
    assert (full.tokens, full.squares, full.visual) == (320, 320**2, 120)


def test_frames_of_each_family() -> None:
    seen = {name: PAPER.seen_by(read_shapes(config).vision) for name, config in PUBLISHED.items()}
    visual = {name: lengths.visual for name, lengths in seen.items()}
    assert visual == {
        "Qwen/Qwen2.5-VL-3B-Instruct": 128,
        "Qwen/Qwen2.5-VL-7B-Instruct": 128,
        "Qwen/Qwen3-VL-4B-Instruct": 98,  # patches of 16 pixels
        "OpenGVLab/InternVL3-2B-hf": 256,  # one tile of 448 x 448
    }


@pytest.mark.parametrize("family", ["qwen2_5_vl", "qwen3_vl", "internvl"])
def test_operations_of_the_matrices_are_those_that_run(family: str) -> None:
    adapter = new_adapter([], 0, family=family, states=True)
    use_packed(adapter.model)
    freeze(adapter.model)
    shapes = read_shapes(adapter.model.config.to_dict())
    pack = make_pack(adapter, shapes.vision.features, 400, 0)
    module = StreamLoss(adapter, LossOptions("ce", 2.0))
    with FlopCounterMode(display=False) as counter:
        loss, _ = module(pack, torch.ones(3), 1.0)
        loss.backward()
    counted = counter.get_flop_counts()["Global"]
    ran = sum(count for operation, count in counted.items() if "attention" not in str(operation))
    load = Load(400, 0, pack.features.shape[0], 0, int((pack.labels != IGNORE).sum()))
    # The features need no gradient: the connector's first matrix skips a third of its six.
    assert flops_of(shapes, load, frame_patches=16).useful == pytest.approx(ran, rel=0.03)


def test_attention_is_causal_and_recomputation_stands_apart() -> None:
    shapes = read_shapes(PUBLISHED["Qwen/Qwen2.5-VL-3B-Instruct"])
    load = Load(tokens=1000, squares=1000**2, visual=0, patches=0, supervised=0)
    plain = flops_of(shapes, load, frame_patches=512)
    # Two products of L x L/2 x width a layer in the forward, 2 FLOPs each, and twice that in the backward.
    assert plain.attention == 3 * 2 * 2 * (1000 * 1000 / 2) * 2048 * 36
    twice = flops_of(shapes, load, frame_patches=512, checkpointing=True)
    assert twice.useful == plain.useful and plain.recomputed == 0
    assert twice.recomputed == pytest.approx((plain.llm + plain.attention) / 3)


def test_frozen_parts_need_fewer_operations() -> None:
    config, load = PUBLISHED["Qwen/Qwen2.5-VL-3B-Instruct"], Load(1000, 0, 800, 0, 20)
    whole = read_shapes(config)
    no_connector = read_shapes(config, frozen=("vision", "connector"))
    alone = read_shapes(config, frozen=("vision", "language"))
    saved = flops_of(whole, load, frame_patches=0).llm - flops_of(no_connector, load, frame_patches=0).llm
    assert saved == 4 * whole.matrices[CONNECTOR] * 800
    cheap = flops_of(alone, load, frame_patches=0)
    assert cheap.llm == 4 * whole.matrices[LLM] * 1000 + 6 * whole.matrices[CONNECTOR] * 800
    assert set(alone.trained) == {CONNECTOR}


def test_states_by_stage() -> None:
    shapes = read_shapes(PUBLISHED["Qwen/Qwen2.5-VL-7B-Instruct"])
    trained, frozen = shapes.all_trained, shapes.all_frozen

    def on_card(**knobs: object) -> float:
        return sum(
            part.bytes for part in state_parts(shapes, settings_of(8, **knobs)) if part.phase == ALWAYS
        )

    whole = 2 * (trained + frozen)
    assert on_card(zero_stage=1) == whole + 12 * trained / 8 + 4 * trained
    assert on_card(zero_stage=2) == whole + 16 * trained / 8
    assert on_card(zero_stage=3) == 2 * frozen + 18 * trained / 8
    assert on_card(zero_stage=2, grad_dtype="bfloat16") == whole + 14 * trained / 8
    assert on_card(zero_stage=2, offload=True) == whole + 4 * trained / 8
    assert on_card(zero_stage=2, offload=True, grad_dtype="bfloat16") == whole
    fp32 = on_card(zero_stage=0, dtype="float32", grad_dtype="float32")
    assert fp32 == 4 * (trained + frozen) + 4 * trained + 8 * trained


def test_what_is_offloaded_lies_in_host_memory() -> None:
    shapes = read_shapes(PUBLISHED["Qwen/Qwen2.5-VL-7B-Instruct"])
    parts = state_parts(shapes, settings_of(1, zero_stage=2, offload=True, grad_dtype="bfloat16"))
    host = {part.name: part.bytes for part in parts if part.phase == HOST}
    assert {name: host[name] / shapes.all_trained for name in (MASTER, MOMENTS, GRADIENTS)} == {
        MASTER: 4, MOMENTS: 8, GRADIENTS: 2,
    }  # fmt: skip


def test_remedies_in_their_order() -> None:
    """A measure under which each knob alone saves what the test says."""
    start = settings_of(1, zero_stage=1, offload=False, gradient_checkpointing=False)

    def measure_with(**saved: float) -> Measure:
        def measure(settings: Settings) -> Memory:
            recipe, size = settings.recipe, 100.0
            size -= saved.get("zero", 0) * (recipe.zero_stage == 3)
            size -= saved.get("offload", 0) * recipe.offload
            size -= saved.get("checkpointing", 0) * recipe.gradient_checkpointing
            size -= saved.get("budget", 0) * (recipe.token_budget < start.recipe.token_budget)
            size -= saved.get("gradients", 0) * (recipe.grad_dtype == "bfloat16")
            size -= saved.get("cards", 0) * (settings.gpus > 1)
            return Memory([Part("all", size * GB, ALWAYS)])

        return measure

    def changes(**saved: float) -> tuple[str, ...] | None:
        remedy = find_remedy(start, measure_with(**saved), 60 * GB)
        return remedy and remedy.changes

    everything = dict.fromkeys(("zero", "offload", "checkpointing", "budget", "gradients", "cards"), 50.0)
    expected = {
        "zero": "train.zero_stage: 3", "offload": "train.offload: true",
        "checkpointing": "train.gradient_checkpointing: true",
        "budget": f"train.token_budget: {start.budget // 2}", "gradients": "train.grad_dtype: bfloat16",
        "cards": "2 cards",
    }  # fmt: skip
    for knob, words in expected.items():
        assert changes(**everything) == (words,)
        del everything[knob]
    assert changes() is None
    both = changes(offload=30.0, cards=30.0)
    assert both == ("train.offload: true", "2 cards")
    assert changes(checkpointing=10.0, gradients=10.0) is None


def test_settings_come_from_the_files_of_infra() -> None:
    two, three = settings_of(8, zero_stage=2), settings_of(8, zero_stage=3)
    assert two.bucket > 0 and two.live == 0 and three.live > 0
    assert two.change(token_budget=8192).budget == 8192 and two.change(gpus=4).gpus == 4
    with pytest.raises(UsageError, match="zero_stage"):
        two.change(zero_stage=4)


def test_the_table_of_cards_is_plausible() -> None:
    for name, gpu in GPUS.items():
        assert gpu.name == name and gpu.reachable < gpu.peak and gpu.price > 0
        assert replace(gpu, name="") not in GPUS.values()
