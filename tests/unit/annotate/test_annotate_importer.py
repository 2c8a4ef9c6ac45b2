import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.annotate.importer import TASKS, Place, import_labels
from components.core.errors import DataError
from components.core.files import write_json

CORPUS, BENCHMARK = dict.fromkeys(["a.mp4", "b.mp4", "c.mp4", "d.mp4"], 4.5), {"held.mp4"}


def label(task="tsqa", video="a.mp4", **more):
    return {
        "video_name": video,
        "video_path": video,
        "task_type": task,
        "source": "mine",
        "question": [{"content": "what is it?", "time": 1}],
        "response": [{"content": "a cat", "st_time": "", "end_time": "", "time": 1}],
        **more,
    }


def everything(path, shards=(0,)):
    return [
        import_labels(path, Place(task, shard, list(shards), CORPUS, BENCHMARK))
        for task in TASKS
        for shard in shards
    ]


def test_each_label_lands_once_in_its_task(tmp_path):
    path = tmp_path / "labels.json"
    write_json(path, [label(task, id=f"own-{task}") for task in TASKS])
    outcomes = everything(path)
    landed = [[row["id"] for row in outcome.labels] for outcome in outcomes]
    assert landed == [[f"own-{task}"] for task in TASKS]
    assert all(not outcome.quarantine for outcome in outcomes)


@pytest.mark.parametrize("shards", [(0,), (0, 1, 2)])
def test_every_row_is_a_label_or_counted_once(tmp_path, shards):
    path = tmp_path / "labels.json"
    rows = [
        *[label(video=video, id=f"good-{video}") for video in sorted(CORPUS)],
        label(video="nowhere.mp4", id="unknown-video"),
        label(video="held.mp4", id="benchmark-video"),
        label(task="singing", id="unknown-task"),
        label(question=[], id="asks-nothing"),
        label(response="a cat", id="malformed"),
        label(id="good-a.mp4"),
        label(task="base_qa", id="state-token", response=[{"content": "</Response> x", "time": 1}]),
        label(task="base_qa", id="no-time", response=[{"content": "x", "time": ""}]),
        label(task="base_qa", id="odd-time", response=[{"content": "x", "time": "soon"}]),
        "not a label",
        {"task_type": "tsqa", "id": "no-video"},
        label(video=["a.mp4"], id="odd-video"),
        label(task=["tsqa"], id="odd-task"),
    ]
    write_json(path, rows)
    outcomes = everything(path, shards)
    kept = [row["id"] for outcome in outcomes for row in outcome.labels]
    aside = sorted((row["id"], row["reason"]) for outcome in outcomes for row in outcome.quarantine)
    assert sorted(kept) == [f"good-{video}" for video in sorted(CORPUS)]
    assert aside == sorted(
        [
            ("unknown-video", "unknown_video"),
            ("benchmark-video", "benchmark_video"),
            ("unknown-task", "unknown_task"),
            ("asks-nothing", "no_question"),
            ("malformed", "malformed"),
            ("good-a.mp4", "duplicate_id"),
            ("state-token", "state_token_in_text"),
            ("no-time", "unreadable_time"),
            ("odd-time", "unreadable_time"),
            ("label 13", "malformed"),
            ("no-video", "malformed"),
            ("odd-video", "malformed"),
            ("odd-task", "unknown_task"),
        ]
    )
    assert len(kept) + len(aside) == len(rows)


def ask(*times):
    return [{"content": "what is it?", "time": time} for time in times]


BASE = [
    ({"kind": "song"}, "unknown_kind"),
    ({"kind": "frame_qa", "question": ask(1, 2), "response": ask(1, 2)}, "malformed"),
    ({"kind": "clip_qa", "question": ask(1, 2)}, "malformed"),
    ({"question": ask("00:04.5")}, "question_after_end"),
    ({"question": ask(4)}, None),
    ({"kind": "frame_caption"}, None),
    ({"question": ask("00:03", 4), "response": ask(3, 4)}, None),
]


@pytest.mark.parametrize(("fields", "reason"), BASE)
def test_a_base_label_that_cannot_be_trained_on_is_set_aside(tmp_path, fields, reason):
    write_json(tmp_path / "labels.json", [label("base_qa", **fields)])
    outcome = import_labels(tmp_path / "labels.json", Place("base_qa", 0, [0], CORPUS, BENCHMARK))
    assert [row["reason"] for row in outcome.quarantine] == ([reason] if reason else [])
    kinds = [] if reason else [fields.get("kind", "clip_qa")]
    assert [row["kind"] for row in outcome.labels] == kinds


@pytest.mark.parametrize("shards", [(0,), (0, 1)])
def test_labels_of_a_task_without_a_stage_are_counted(tmp_path, shards):
    path, chosen = tmp_path / "labels.json", ["tsqa", "event_grounding"]
    write_json(path, [label(task, id=task) for task in [*TASKS, "singing"]])
    outcomes = [
        import_labels(path, Place(task, shard, list(shards), CORPUS, BENCHMARK, chosen))
        for task in chosen
        for shard in shards
    ]
    assert sorted(row["id"] for outcome in outcomes for row in outcome.labels) == sorted(chosen)
    aside = sorted((row["id"], row["reason"]) for outcome in outcomes for row in outcome.quarantine)
    left_out = [(task, "task_not_run") for task in TASKS if task not in chosen]
    assert aside == sorted([*left_out, ("singing", "unknown_task")])


def test_a_label_without_id_gets_one_that_stays(tmp_path):
    path = tmp_path / "labels.json"
    write_json(path, [label()])
    place = Place("tsqa", 0, [0], CORPUS, BENCHMARK)
    (first,), (second,) = import_labels(path, place).labels, import_labels(path, place).labels
    assert first == second and first["id"].startswith("tsqa-a.mp4-") and first["kind"] == "tsqa"


def test_a_missing_or_foreign_file_is_named(tmp_path):
    place = Place("tsqa", 0, [0], CORPUS, BENCHMARK)
    with pytest.raises(DataError, match=r"labels\.json: no label file"):
        import_labels(tmp_path / "labels.json", place)
    write_json(tmp_path / "labels.json", {"labels": []})
    with pytest.raises(DataError, match="expected a JSON list"):
        import_labels(tmp_path / "labels.json", place)


def test_what_cannot_be_written_again_is_counted_and_costs_no_other_label(tmp_path):
    path = tmp_path / "labels.json"
    asked = {"content": "what is it?", "time": 1}
    rows = [
        label(id="nan", response=[{"content": "x", "time": float("nan")}]),
        label(id="extra", more=[float("inf")]),
        label(id="half", kind="\ud800"),
        label(id="\ud800"),
        label(id="huge", question=[{**asked, "time": 10**400}]),
        label(task="base_qa", id="huge base", question=[{**asked, "time": 10**400}]),
    ]
    path.write_text(json.dumps(rows))
    outcomes = {outcome.task: outcome for outcome in everything(path)}
    assert [row["id"] for row in outcomes["tsqa"].labels] == ["huge"]  # conversion counts its question
    reasons = {row["id"]: row["reason"] for outcome in outcomes.values() for row in outcome.quarantine}
    assert reasons == {
        **dict.fromkeys(["nan", "extra", "half", "\\ud800"], "malformed"),
        "huge base": "unreadable_time",
    }
    for outcome in outcomes.values():
        outcome.write(tmp_path / outcome.task)


def test_label_files_of_every_kind_give_the_same_labels(tmp_path):
    rows = [label(video=video, id=f"own-{video}") for video in sorted(CORPUS)]
    write_json(tmp_path / "l.json", rows)
    (tmp_path / "l.jsonl").write_text("\n".join(map(json.dumps, rows)))
    for row in rows:  # a null time is an unused one
        row["response"] = [{key: value if value != "" else None for key, value in row["response"][0].items()}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "l.parquet")
    for shards in ((0,), (0, 1)):
        kept = [everything(tmp_path / name, shards) for name in ("l.json", "l.jsonl", "l.parquet")]
        ids = [[[row["id"] for row in outcome.labels] for outcome in outcomes] for outcomes in kept]
        assert ids[0] == ids[1] == ids[2] and sum(map(len, ids[0])) == len(rows)
        assert all(outcome.summary["labels_in"] == len(rows) for outcome in kept[2])
