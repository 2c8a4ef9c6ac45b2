"""A real run through DeepSpeed on decoded clips: products, determinism, what is trained, failure."""

import csv
import weakref
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from components.core.errors import UsageError
from components.core.files import read_json
from components.core.hashing import sha256_tree
from components.model.adapter import load
from components.train.data import Data
from components.train.run import train
from components.train.samples import read_split


@pytest.fixture
def run(products, base):
    def start(out, recipe, method="focal", seed=0):
        out.mkdir(parents=True)
        train(
            out,
            base=base,
            dataset=products.dataset,
            media=products.media,
            recipe=recipe,
            method=method,
            seed=seed,
        )
        return out

    return start


def rows(path):
    with path.open() as stream:
        return list(csv.DictReader(stream))


def test_product_is_whole_and_loads(run, recipe, tmp_path):
    out = run(tmp_path / "focal-0", recipe)
    adapter = load(out)
    about = read_json(out / "streamo.json")
    assert tuple(about["state_ids"][name] for name in ("silence", "standby", "response")) == adapter.state_ids
    assert about["method"] == "focal" and about["step"] == 3 and about["recipe"]["batch"] == 4
    assert load(out / "step-2").state_ids == adapter.state_ids
    assert read_json(out / "step-2/streamo.json")["step"] == 2
    assert not (out / "step-99").exists()
    loss, states = rows(out / "curves/loss.csv"), rows(out / "curves/states.csv")
    assert [row["step"] for row in loss] == ["1", "2", "3"] and [row["step"] for row in states] == ["2", "3"]
    assert all(float(row["loss"]) > 0 and float(row["grad_norm"]) > 0 for row in loss)
    shares = [(name, float(value)) for row in states for name, value in row.items() if name != "step"]
    assert all(0 <= value <= (60 if "per_quiet_minute" in name else 1) for name, value in shares)


def test_curves_by_task_and_of_samples_add_up(run, recipe, products, tmp_path):
    out = run(tmp_path / "out", recipe)
    tasks, counts = rows(out / "curves/tasks.csv"), rows(out / "curves/samples.csv")
    assert [row["step"] for row in tasks] == ["2", "3"] and [row["step"] for row in counts] == ["1", "2", "3"]
    trained_on = {sample.task for sample in read_split(products.dataset, "train")}
    assert set(tasks[0]) == {"step", *trained_on}
    assert any(row[task] for row in tasks for task in trained_on)
    assert all(
        not value or 0 < float(value) < 20 for row in tasks for value in row.values() if value != row["step"]
    )
    assert {row["samples"] for row in counts} == {"4"} and all(0 < float(row["fill"]) <= 1 for row in counts)


def test_speed_is_told_for_the_run_record_and_is_no_product(products, base, recipe, tmp_path):
    (tmp_path / "out").mkdir()
    where = {"base": base, "dataset": products.dataset, "media": products.media}
    speed = train(tmp_path / "out", **where, recipe=recipe, method="ce", seed=0)["speed"]
    tokens = sum(int(row["tokens"]) for row in rows(tmp_path / "out/curves/samples.csv"))
    assert speed["device"] == "cpu" and speed["mfu"] is None
    assert speed["tokens"] == tokens and speed["steps"] == 3 and speed["tokens_per_s"] > 0
    files = [path.read_text() for path in (tmp_path / "out").rglob("*") if path.suffix in {".csv", ".json"}]
    assert not any("data_s" in text or "mfu" in text for text in files)


def test_same_inputs_and_seed_same_bytes(run, recipe, tmp_path):
    first, second = run(tmp_path / "a", recipe), run(tmp_path / "b", recipe)
    assert sha256_tree(first) == sha256_tree(second)
    other = sha256_tree(run(tmp_path / "c", recipe, seed=1))
    assert other["model.safetensors"] != sha256_tree(first)["model.safetensors"]


def test_vision_stays_and_the_rest_learns(run, recipe, base, tmp_path):
    before, after = (
        load_file(base / "model.safetensors"),
        load_file(run(tmp_path / "a", recipe) / "model.safetensors"),
    )
    assert set(before) == set(after)
    tower = [name for name in before if name.startswith("model.visual.") and ".merger." not in name]
    assert len(tower) > 5
    for name in tower:
        assert torch.equal(before[name], after[name]), name
    moved = [name for name in before if name not in tower and before[name].shape == after[name].shape]
    assert any(".merger." in name for name in moved)
    for name in moved:
        assert not torch.equal(before[name], after[name]), name


@pytest.mark.parametrize("cache_mb", [0.0, 64.0])
def test_one_pack_is_alive_at_a_time(run, recipe, tmp_path, monkeypatch, cache_mb):
    """Nothing of a pack is left when the next is read: in the loop, the engine, the graph or the curves."""
    encode, made, left = Data.encode, [], []

    def watched(self, draws, *, split="train"):
        left.append(sum(part() is not None for pack in made for part in pack))
        pack = encode(self, draws, split=split)
        if split == "train":  # the validation slice stays
            parts = (pack, pack.input_ids, pack.labels, pack.positions, pack.features)
            made.append([weakref.ref(part) for part in parts])
        return pack

    monkeypatch.setattr(Data, "encode", watched)
    out = run(tmp_path / "out", replace(recipe, token_budget=200, cache_mb=cache_mb))
    packs = [int(row["packs"]) for row in rows(out / "curves/samples.csv")]
    assert min(packs) > 2 and len(made) == sum(packs)
    assert left == [0] * len(left)


def test_the_number_of_packs_does_not_change_the_step(run, recipe, tmp_path):
    """Alpha and |M| come from the whole optimizer step, so cutting it into packs changes only rounding."""
    parts, whole = (
        run(tmp_path / str(budget), replace(recipe, token_budget=budget)) for budget in (620, 4096)
    )
    packs = [[int(row["packs"]) for row in rows(out / "curves/samples.csv")] for out in (parts, whole)]
    assert min(packs[0]) > 2 and set(packs[1]) == {1}
    parts, whole = (rows(out / "curves/loss.csv") for out in (parts, whole))
    for one, other in zip(parts, whole, strict=True):
        for name in ("loss", "ce_silence", "ce_response", "ce_text", "grad_norm"):
            assert float(one[name]) == pytest.approx(float(other[name]), rel=2e-4, abs=1e-6)


@pytest.mark.parametrize("stage", [0, 2, 3])
def test_zero_stages_train_alike(run, recipe, tmp_path, stage):
    expected = load_file(run(tmp_path / "one", recipe) / "model.safetensors")
    got = load_file(run(tmp_path / "other", replace(recipe, zero_stage=stage)) / "model.safetensors")
    assert set(got) == set(expected)
    for name in expected:
        torch.testing.assert_close(got[name], expected[name], atol=2e-5, rtol=1e-4)


def test_losses_start_from_the_same_batch(run, recipe, tmp_path):
    first = {
        kind: rows(run(tmp_path / kind, recipe, method=kind) / "curves/loss.csv")[0]
        for kind in ("ce", "fixed")
    }
    assert first["ce"]["ce_silence"] == first["fixed"]["ce_silence"]
    assert first["ce"]["loss"] != first["fixed"]["loss"]


def test_a_broken_engine_fails_the_run(run, recipe, tmp_path, monkeypatch):
    """No fall-back to plain torch: what DeepSpeed raises goes up and nothing is written."""
    import deepspeed

    def broken(**options):
        raise RuntimeError("engine will not start")

    monkeypatch.setattr(deepspeed, "initialize", broken)
    with pytest.raises(RuntimeError, match="engine will not start"):
        run(tmp_path / "out", recipe)
    assert not list((tmp_path / "out").rglob("*"))


def test_wrong_recipes_are_refused(recipe):
    wrong = ({"zero_stage": 4}, {"dtype": "float16"}, {"offsets": ()}, {"steps": 0}, {"token_budget": 0})
    for change in wrong:
        with pytest.raises(UsageError, match="params train"):
            replace(recipe, **change)
