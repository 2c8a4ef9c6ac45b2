"""Suites `policies` and `fps2` on three clips and random models."""

from dataclasses import replace

import pytest

from components.core.files import read_json, write_json
from components.evaluate.run_policies import run_fps2, run_policies
from components.evaluate.run_validation import ValidationInputs
from tests.support.heldout import SECONDS, heldout_checkout, tiny_model


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    root = heldout_checkout(tmp_path_factory.mktemp("policies"))
    return ValidationInputs(
        model=tiny_model(root / "models/focal-0"), media=root / "data/media",
        corpus=root / "artifacts/corpus", dataset=root / "artifacts/dataset",
        samples=3, max_new_tokens=2, seed=0,
    )  # fmt: skip


def test_each_untrained_policy_is_scored_on_both_parts(inputs, tmp_path):
    cost = run_policies(tmp_path, inputs, inputs.model)
    scores, states = (read_json(tmp_path / f"{name}.json")["policies"] for name in ("scores", "predictions"))
    assert list(scores) == sorted(["last_frames", "polling", "silence", "standby", "response"])
    for name in ("silence", "standby", "response"):
        assert {state for said in states[name].values() for state in said} == {name}
        assert scores[name]["validation"]["states"][name]["predicted"] == scores[name]["validation"]["turns"]
    assert sum(scores["polling"]["replies"].values()) > 0
    assert scores["last_frames"]["ovo"]["columns"]["matched"]["model"]["total"] is not None
    # Four turns again each second against one: more tokens a turn, as many decisions.
    per_turn = {name: each["tokens_per_turn"] for name, each in cost.items()}
    assert per_turn["last_frames"] > 1.2 * per_turn["silence"] and cost["response"]["texts"] > 0
    assert "watch_seconds" not in str(scores)


def test_a_method_with_a_policy_of_its_own_is_left_out(inputs, tmp_path):
    other = tiny_model(tmp_path / "model")
    write_json(other / "streamo.json", read_json(other / "streamo.json") | {"policy": {"name": "eos"}})
    (tmp_path / "out").mkdir()
    assert "skipped" in run_policies(tmp_path / "out", replace(inputs, model=other), inputs.model)
    assert read_json(tmp_path / "out/scores.json")["skipped"].startswith("a method with a policy of its own")


def test_two_frames_a_second_are_two_pictures_a_turn(inputs, tmp_path):
    cost = run_fps2(tmp_path, inputs)
    scores = read_json(tmp_path / "scores.json")
    assert scores["fps"] == 2 and scores["spent"]["turns"] == cost["turns"] > len(SECONDS)
    assert scores["ovo"]["columns"]["matched"]["model"]["total"] is not None
