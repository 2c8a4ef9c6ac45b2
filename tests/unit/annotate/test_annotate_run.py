import json
from dataclasses import replace
from pathlib import Path

import pytest

from components.annotate.guard import violation
from components.annotate.outcome import write_listed
from components.annotate.run import annotate
from components.annotate.samples import Clip, asked_before, how_many
from components.annotate.schemas import SCHEMAS
from components.annotate.settings import Settings, annotate_shard, ground_shard
from components.annotate.shards import in_shard, parse_shard
from components.annotate.wording import instruct, templates
from components.core.errors import DataError, UsageError
from components.core.files import write_json
from components.core.seeds import rng
from components.teacher.base import Answer
from components.video.manifest import Video, write_manifest
from components.world.teacher import WorldTeacher
from tests.support.small_world import params, scenes_only

WEIGHTS = params()["annotate"]["weights"]


def video(video_id, duration_s, role="corpus"):
    shape = (40, 2.0, False, 0, 56, 56, "h264", "0" * 64)
    return Video(video_id, duration_s, *shape, role, "world", "CC0-1.0", "")


@pytest.fixture
def settings(tmp_path):
    scenes = scenes_only(tmp_path / "data", 12)
    manifest = tmp_path / "manifest.parquet"
    rows = [video(scene.video_id, float(scene.duration_s)) for scene in scenes]
    write_manifest(manifest, [*rows, video("heldout/c0000.mp4", 20.0, "benchmark")])
    return Settings(
        teacher="world",
        labels=tmp_path / "labels.json",
        media=tmp_path / "data" / "media",
        manifest=manifest,
        weights=WEIGHTS,
        shard=0,
        shards=[0],
        seed=0,
    )


class Broken:
    name, version = "broken", "1"

    def answer(self, request):
        return Answer({"lines": [{"time": -1, "text": "x"}]})


def test_a_malformed_answer_is_quarantined_with_its_place():
    outcome = annotate("narration", [Clip("a.mp4", 5.0)], Broken(), WEIGHTS, 0, Path("media"))
    assert outcome.labels == []
    (row,) = outcome.quarantine
    assert (row["id"], row["reason"]) == ("a.mp4", "teacher_answer_invalid")
    assert "answer.lines[0].time" in row["detail"]


def test_a_clip_the_world_did_not_render_is_quarantined(tmp_path):
    outcome = annotate("tsqa", [Clip("film.mp4", 5.0)], WorldTeacher(tmp_path), WEIGHTS, 0, tmp_path)
    assert [(row["id"], row["reason"]) for row in outcome.quarantine] == [("film.mp4", "no_scene")]


def test_only_the_corpus_is_annotated_and_products_repeat(settings, tmp_path):
    for name in ("one", "two"):
        annotate_shard("offline_qa", settings).write(tmp_path / name)
    first, second = ((tmp_path / name / "labels.json").read_bytes() for name in ("one", "two"))
    assert first == second
    labels = json.loads(first)
    assert {label["video_path"].split("/")[0] for label in labels} == {"train"}
    summary = json.loads((tmp_path / "one" / "summary.json").read_text())
    assert summary["labels"] == len(labels) == sum(summary["kinds"].values())
    assert summary["teacher"] == "world-1" and summary["quarantined"] == 0


def test_shards_part_the_corpus(settings):
    whole = annotate_shard("tsqa", settings).labels
    parts = [annotate_shard("tsqa", replace(settings, shards=["a", "b"], shard=s)).labels for s in ("a", "b")]
    assert all(parts)
    assert sorted(label["id"] for part in parts for label in part) == sorted(label["id"] for label in whole)
    assert parse_shard("1", [0, 1]) == 1
    with pytest.raises(UsageError, match=r"--shard 2: not in params annotate\.shards \[0, 1\]"):
        parse_shard("2", [0, 1])
    assert [in_shard("x", s, [0, 1]) for s in (0, 1)].count(True) == 1


def test_ground_takes_its_queries_from_the_captions(settings, tmp_path):
    path = tmp_path / "captions.json"
    captions = annotate_shard("event_caption", settings).labels
    write_json(path, captions)
    outcome = ground_shard(path, settings)
    known = {response["content"] for label in captions for response in label["response"]}
    assert len(outcome.labels) > 5
    for label in outcome.labels:
        assert any(label["question"][0]["content"].endswith(caption) for caption in known)
    write_json(path, [{**captions[0], "video_path": "gone.mp4"}])
    lost = ground_shard(path, settings).quarantine
    assert [(row["id"], row["reason"]) for row in lost] == [("gone.mp4", "unknown_video")]


def test_wrong_sections_and_missing_products_are_said(settings):
    with pytest.raises(UsageError, match=r"annotate\.openai: expected the keys agreement, frames"):
        annotate_shard("tsqa", replace(settings, teacher="openai"))
    with pytest.raises(DataError, match="run the corpus stage first"):
        annotate_shard("tsqa", replace(settings, manifest=Path("none.parquet")))


def test_how_many_is_its_weight_on_average():
    generator = rng(0, "how many")
    drawn = [how_many(1.3, generator) for _ in range(4000)]
    assert set(drawn) == {1, 2} and abs(sum(drawn) / 4000 - 1.3) < 0.03
    assert {how_many(2.0, generator) for _ in range(100)} == {2}


def test_a_question_asked_just_before_a_turn_sits_on_it():
    generator = rng(0, "asked")
    asked = {asked_before(7, generator) for _ in range(200)}
    assert asked == {6.25, 6.5, 6.75, 7.0} and asked_before(0, generator) == 0.0


def test_templates_are_text_files():
    for task in SCHEMAS:
        assert len(set(templates(task))) == 5
    assert instruct("clue", rng(0, "a"), "the sign letter").count("the sign letter") == 1


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ([], "answer: expected object"),
        ({}, "missing keys ['lines']"),
        ({"lines": [], "more": 1}, "unknown keys ['more']"),
        ({"lines": [{"time": True, "text": "x"}]}, "answer.lines[0].time: expected number"),
        ({"lines": [{"time": 1, "text": " "}]}, "answer.lines[0].text: empty text"),
        ({"lines": [{"time": float("nan"), "text": "x"}]}, "not finite"),
    ],
)
def test_the_guard_names_the_first_fault(value, place):
    assert place in violation(value, SCHEMAS["narration"])


def test_the_guard_checks_choices():
    series = {"series": [{"kind": "mood", "query": "q", "values": []}]}
    assert "is not one of ['state', 'count']" in violation(series, SCHEMAS["tsqa"])
    assert violation({"series": []}, SCHEMAS["tsqa"]) is None


@pytest.mark.parametrize(
    "rows",
    [[], [{}], [[]], [{"b": [], "a": {"x": [1, {"y": "é\n\u2028 "}]}}, {"z": None}], [1, "two\n", [3, [4]]]],
)
def test_rows_written_one_by_one_are_the_bytes_of_the_whole(tmp_path, rows):
    write_listed(tmp_path / "rows.json", rows)
    write_json(tmp_path / "whole.json", rows)
    assert (tmp_path / "rows.json").read_bytes() == (tmp_path / "whole.json").read_bytes()
    with pytest.raises(ValueError, match="Out of range float"):
        write_listed(tmp_path / "rows.json", [1, float("nan")])
    assert (tmp_path / "rows.json").read_bytes() == (tmp_path / "whole.json").read_bytes()
