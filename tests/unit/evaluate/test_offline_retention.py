"""Suite `offline` on three small clips: what is asked and shown; numbers are those of the answers."""

from dataclasses import replace

import pytest

from components.core.files import read_json, write_json
from components.core.hashing import sha256_tree
from components.evaluate.offline.retention import make_questions
from components.evaluate.offline.run_retention import RetentionInputs, run_retention
from components.infer.offline import OfflineModel
from components.model.adapter import load
from components.model.tiny import build_tiny
from components.video.frames import frames_at
from tests.support.heldout import QUESTIONS, SECONDS, heldout_checkout, tiny_model


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Three clips with two letter questions each, a random base and a random trained model."""
    root = heldout_checkout(tmp_path_factory.mktemp("retention"))
    model = tiny_model(root / "models/focal-0")
    tiny_model(model / "step-80", step=80, seed=4)
    build_tiny(root / "models/base/qwen2_5_vl", [*QUESTIONS, "x y z"], 9, states=False)
    return root


def inputs(root, **more):
    given = RetentionInputs(
        model=root / "models/focal-0",
        base=root / "models/base/qwen2_5_vl",
        media=root / "data/media",
        corpus=root / "artifacts/corpus",
        exchanged=True,
        max_new_tokens=4,
        seed=0,
    )
    return replace(given, **more)


@pytest.fixture(scope="module")
def run(world):
    out = world / "out"
    out.mkdir()
    run_retention(out, inputs(world))
    return out


def test_each_answer_is_the_models_own_on_the_pictures_that_are_named(world, run):
    told = read_json(run / "predictions.json")
    assert [row["times"] for row in told["questions"]] == [[3], [0, 1, 2, 3, 4, 5]] * 3
    models = {"before": world / "models/base/qwen2_5_vl", "after": world / "models/focal-0"}
    for when, folder in models.items():
        offline = OfflineModel(load(folder))
        for row in told["questions"]:
            pictures = frames_at(world / "data/media" / row["video"], row["times"])
            said = offline.answer(pictures, row["question"], max_new_tokens=4, turns=row["times"])
            assert said == row[when]
            assert row["exchanged"]["video"] != row["video"]


def test_scores_and_points_are_counted_from_the_predictions(run):
    scores, points = read_json(run / "scores.json"), read_json(run / "points.json")["points"]
    rows = {row["id"]: row for row in read_json(run / "predictions.json")["questions"]}
    assert len(points) == scores["n"] == 6 and scores["videos"] == 3
    for point in points:
        row = rows[point["id"]]
        assert point["before"] is (row["before"].casefold() == row["options"][row["truth"]])
    for when in ("before", "after"):
        for task in ("OCR", "EPM"):
            mine = [point[when] for point in points if point["task"] == task]
            assert scores[when]["tasks"][task]["correct"] == sum(mine)
            assert scores["retention"]["tasks"][task][when] == pytest.approx(100 * sum(mine) / 3, abs=0.01)
        assert sum(scores["reads"][when].values()) == 6
    assert scores["floors"]["random"]["total"] == 33.33
    assert set(scores["at_steps"]) == {"80"}


def test_right_answers_are_credited_and_the_difference_is_paired(world, run, tmp_path, monkeypatch):
    """A trained model that answers every question rightly, beside a base that answers as before."""
    real = OfflineModel.answer_many

    def perfect(self, questions, **more):
        states = len(self.adapter.tokenizer) != len(load(inputs(world).base).tokenizer)
        return ["Y."] * len(questions) if states else real(self, questions, **more)

    monkeypatch.setattr(OfflineModel, "answer_many", perfect)
    run_retention(tmp_path, inputs(world))
    scores = read_json(tmp_path / "scores.json")
    assert scores["after"]["total"] == 100 and scores["reads"]["after"]["exact"] == 6
    assert scores["retention"]["total"]["difference"] == 100 - scores["before"]["total"]


def test_the_suite_repeats_byte_for_byte(world, run, tmp_path):
    run_retention(tmp_path, inputs(world))
    assert sha256_tree(tmp_path) == sha256_tree(run)


def test_a_corpus_without_questions_is_said_to_be_skipped(world, tmp_path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "manifest.parquet").write_bytes((world / "artifacts/corpus/manifest.parquet").read_bytes())
    write_json(corpus / "benchmark.json", [])
    out = tmp_path / "out"
    out.mkdir()
    run_retention(out, inputs(world, corpus=corpus))
    assert "multiple-choice" in read_json(out / "scores.json")["skipped"]
    assert read_json(out / "points.json")["points"] == []


def test_a_query_after_the_end_is_asked_at_the_last_turn():
    entry = {"id": 1, "task": "OCR", "video": "bench/a.mp4", "realtime": 99, "question": "q"}
    entry |= {"options": ["x", "y"], "answer": "y", "gt": 1}
    (asked,) = make_questions([entry], SECONDS)
    assert asked.times == (SECONDS["bench/a.mp4"] - 1,)
