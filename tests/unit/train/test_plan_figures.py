"""The plan of the paper's runs against published figures, and what is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from components.cli.plan_train import effective_params
from components.core.errors import DataError, UsageError
from components.core.files import write_json
from components.train.plan.gpus import find_gpu
from components.train.plan.load import PAPER
from components.train.plan.plan import Plan, train_plan
from components.train.plan.shapes import COMPONENTS, LLM, TOWER, read_shapes
from components.train.plan.source import base_config
from components.train.recipe import Recipe, read_recipe

ROOT = Path(__file__).resolve().parents[3]
# Targets of the project's study: states with bf16 gradients on one card in GB; tokens a second on one H200 at
# 50 % MFU for one sample of 32,768 tokens.
STATES = {"paper-3b": 50.0, "paper-7b": 123.0}
SPEED = {"paper-3b": 11_000, "paper-7b": 5_700}
PROFILES = sorted(STATES)


def recipe_of(profile: str, **knobs: object) -> Recipe:
    values = {**effective_params(profile, ROOT)["train"], **knobs}
    return read_recipe(lambda key: values[key.removeprefix("train.")])


def referring(family: str, repository: str, revision: str | None) -> dict[str, object]:
    """Section `base` that names one reference."""
    return {"kind": "reference", "references": {family: {"repository": repository, "revision": revision}}}


def plan_of(profile: str, gpus: int, gpu: str = "h200", **knobs: object) -> Plan:
    base = effective_params(profile, ROOT)["base"]
    return train_plan(
        base_config(base, "qwen2_5_vl", ROOT),
        recipe_of(profile, **knobs),
        find_gpu(gpu),
        gpus,
        corpus=PAPER,
        samples=465_800,
    )


@pytest.mark.parametrize(
    ("profile", "everything", "trained"),
    [("paper-3b", 3_754_622_976, 3_122_647_296), ("paper-7b", 8_292_166_656, 7_660_190_976)],
)
def test_parameters_are_the_published_ones(profile: str, everything: int, trained: int) -> None:
    shapes = plan_of(profile, 1).shapes
    assert shapes.all_trained == trained
    assert shapes.all_trained + shapes.all_frozen == everything
    assert shapes.frozen == {TOWER: everything - trained}
    assert set(shapes.trained) | set(shapes.frozen) == set(COMPONENTS)


@pytest.mark.parametrize("profile", PROFILES)
def test_states_of_one_card(profile: str) -> None:
    plan = plan_of(profile, 1, grad_dtype="bfloat16", offload=False)
    assert plan.memory.states == pytest.approx(STATES[profile] * 1e9, rel=0.15)


@pytest.mark.parametrize("profile", PROFILES)
def test_eight_cards_share_the_optimizer_and_the_gradients(profile: str) -> None:
    one, eight = plan_of(profile, 1, offload=False), plan_of(profile, 8, offload=False)
    weights = 2 * (one.shapes.all_trained + one.shapes.all_frozen)
    assert eight.memory.states - weights == pytest.approx((one.memory.states - weights) / 8)
    assert eight.fits


@pytest.mark.parametrize("profile", PROFILES)
def test_speed_at_the_target(profile: str) -> None:
    plan = replace(plan_of(profile, 1), mfu=0.5)
    assert plan.speed(plan.pack) == pytest.approx(SPEED[profile], rel=0.15)


@pytest.mark.parametrize("profile", PROFILES)
def test_time_and_cost_follow_from_the_operations(profile: str) -> None:
    plan = plan_of(profile, 8, offload=False)
    seconds = plan.samples * plan.sample.tokens / (8 * plan.speed(plan.sample))
    assert plan.hours == pytest.approx(seconds / 3600)
    assert plan.cost == pytest.approx(plan.hours * 8 * plan.gpu.price)
    assert plan.steps == 910
    assert plan_of(profile, 8, offload=True).hours > plan.hours


def test_7b_with_fp32_gradients_does_not_fit_one_card() -> None:
    plan = plan_of("paper-7b", 1, grad_dtype="float32", offload=False)
    assert not plan.fits
    assert plan.remedy is not None and plan.remedy.changes == ("train.offload: true",)
    assert plan.remedy.memory.total < plan.limit
    assert plan.remedy.memory.host > 16 * plan.shapes.all_trained
    assert plan_of("paper-7b", 1, grad_dtype="float32", offload=True).fits


def test_an_unknown_card_base_or_family_is_named() -> None:
    with pytest.raises(UsageError, match="--gpu gtx: expected one of h200"):
        find_gpu("gtx")
    with pytest.raises(
        DataError, match=r"references.qwen2_5_vl: some/model is neither a folder here nor one of Qwen/"
    ):
        base_config(referring("qwen2_5_vl", "some/model", "0" * 40), "qwen2_5_vl", ROOT)
    with pytest.raises(UsageError, match=r"base.references.internvl: no entry \(there are: qwen2_5_vl\)"):
        base_config(effective_params("paper-3b", ROOT)["base"], "internvl", ROOT)
    with pytest.raises(DataError, match=r"references.qwen3_vl: .*'qwen2_5_vl', expected 'qwen3_vl'"):
        base_config(referring("qwen3_vl", "Qwen/Qwen2.5-VL-3B-Instruct", "0" * 40), "qwen3_vl", ROOT)
    with pytest.raises(DataError, match="here: model_type 'bert'"):
        read_shapes({"model_type": "bert"}, "here")


def test_a_folder_of_ones_own_is_read(tmp_path: Path) -> None:
    config = base_config({"kind": "tiny"}, "qwen3_vl", tmp_path)  # no base on disk: the tiny configuration
    folder = tmp_path / "mine"
    folder.mkdir()
    write_json(folder / "config.json", config)
    read = base_config(referring("qwen3_vl", str(folder), None), "qwen3_vl", tmp_path)
    shapes = read_shapes(read)
    assert shapes == read_shapes(config)
    assert shapes.family == "qwen3_vl" and shapes.trained[LLM] > 0
