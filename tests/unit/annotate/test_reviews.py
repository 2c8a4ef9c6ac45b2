import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from components.annotate.ground import TASK as GROUND
from components.annotate.importer import TASKS
from components.annotate.outcome import Outcome
from components.annotate.review_rules import faults, shape_fault, spoken, with_numbers
from components.annotate.reviewed import reviewed
from components.annotate.reviews import Review, apply, label_sha256, read
from components.annotate.settings import Settings, annotate_shard, ground_shard
from components.core.errors import DataError
from components.core.files import write_json
from components.video.manifest import Video, write_manifest
from tests.support.small_world import params, scenes_only

DURATION_S = {"a.mp4": 10.0}
DAY = "2026-11-23T04:10:0{}Z"


def span(content, start, end):
    return {"content": content, "st_time": start, "end_time": end, "time": ""}


def instant(content, time):
    return {"content": content, "st_time": "", "end_time": "", "time": time}


DROP = span("a drop", 3, 6)


def label(number=0, task="event_caption", response=(DROP,)):
    return {
        "id": f"{task}-a.mp4-{number}",
        "kind": "group",
        "video_name": "a.mp4",
        "video_path": "a.mp4",
        "task_type": task,
        "source": "world-1",
        "question": [{"content": "tell me of every drop", "time": 0.0}],
        "response": list(response),
    }


def review(of, verdict, second=0, response=(), reviewer="ann", note=""):
    return Review(
        of["id"], label_sha256(of), verdict, tuple(response), reviewer, DAY.format(second), note, "line 1"
    )


def write(path, reviews):
    path.write_text("".join(json.dumps(one.line()) + "\n" for one in reviews))
    return path


def test_lines_are_read_as_they_were_written(tmp_path):
    given = [review(label(), "fix", response=[span("a drop", 3, 5.5)]), review(label(1), "reject", note="no")]
    found = read(write(tmp_path / "reviews.jsonl", given))
    assert [replace(one, where="") for one in found] == [replace(one, where="") for one in given]
    assert found[1].where.endswith("reviews.jsonl line 2")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"verdict": "perhaps"}, "is not one of"),
        ({"sha256": "ABC"}, "64 hex digits"),
        ({"date": "2026-11-23"}, "UTC such as"),
        ({"date": "2026-02-30T00:00:00Z"}, "UTC such as"),
        ({"reviewer": " "}, "empty text"),
        ({"reviewer": "ann\x1b[2J"}, "printable characters"),
        ({"reviewer": "a" * 101}, "at most 100"),
        ({"mood": "good"}, "unknown keys"),
        ({"response": None}, "a list `response`"),
        ({"response": [span("x", 1, 2)]}, "only the verdict fix"),
        ({"verdict": "fix", "response": [{"content": "x"}]}, r"response\[0\]: expected an object with"),
        ({"verdict": "fix", "response": [span("x", True, 2)]}, "st_time: expected seconds"),
        ({"verdict": "fix", "response": [span("x", 1, 10**400)]}, "end_time: expected seconds"),
        ({"verdict": "fix", "response": [span("x", "", 2)]}, "or time alone"),
        ({"verdict": "fix", "response": [{**span("x", 1, 2), "time": 3}]}, "or time alone"),
    ],
)
def test_a_bad_line_names_file_and_line(tmp_path, change, said):
    good = review(label(), "approve")
    path = tmp_path / "reviews.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in (good.line(), {**good.line(), **change})))
    with pytest.raises(DataError, match=rf"reviews\.jsonl line 2: .*{said}"):
        read(path)


@pytest.mark.parametrize("line", [b"", b"{", b'"\xff"', b"[]", b'{"a": NaN}', b'["\\ud800"]', b"[" * 20_000])
def test_a_line_that_is_no_object_names_its_place(tmp_path, line):
    (tmp_path / "r").write_bytes(line + b"\n")
    with pytest.raises(DataError, match="r line 1: "):
        read(tmp_path / "r")


def test_approve_keeps_fix_replaces_reject_takes_out():
    made = [label(number) for number in range(4)]
    new = [span("a drop", 3, 5.25), span("another", 7, 9)]
    done = apply(
        made,
        [
            review(made[0], "approve"),
            review(made[1], "fix", response=new),
            review(made[2], "reject", note="?"),
        ],
        DURATION_S,
    )
    mark = {"reviewer": "ann", "date": DAY.format(0)}
    assert done.labels == [
        {**made[0], "review": {**mark, "verdict": "approve"}},
        {**made[1], "response": new, "review": {**mark, "verdict": "fix"}},
        made[3],
    ]
    assert done.rejected == [(made[2]["id"], f"by ann on {DAY.format(0)}: ?")]
    assert done.summary() == {
        "applied": 3,
        "superseded": 0,
        "review_stale": 0,
        "review_of_unknown_label": 0,
        "verdicts": {"ann": {"approve": 1, "fix": 1, "reject": 1}},
    }


def test_a_label_that_has_changed_since_is_left_alone_and_counted():
    old, now = label(), label(response=[span("a drop", 3, 7)])
    done = apply([now], [review(old, "reject")], DURATION_S)
    assert done.labels == [now] and done.summary()["review_stale"] == 1 and done.summary()["verdicts"] == {}


def test_a_review_of_no_label_is_counted():
    done = apply([label()], [review(label(7), "approve")], DURATION_S)
    assert done.labels == [label()] and done.summary()["review_of_unknown_label"] == 1


def test_the_last_by_date_decides_whatever_the_order_of_lines():
    made = label()
    fix = review(made, "fix", 1, [span("a drop", 2, 6)], "ann")
    done = apply([made], [review(made, "reject", 2, reviewer="bea"), fix], DURATION_S)
    assert done.labels == [] and done.summary()["superseded"] == 1
    done = apply([made], [review(made, "reject", 0, reviewer="bea"), fix], DURATION_S)
    assert done.labels[0]["response"] == [span("a drop", 2, 6)]
    assert done.summary()["verdicts"] == {
        "ann": {"approve": 0, "fix": 1, "reject": 0},
        "bea": {"approve": 0, "fix": 0, "reject": 1},
    }


def test_a_review_of_a_fixed_label_holds_on_the_label_as_made():
    made, new = label(), [span("a drop", 2, 6)]
    fixed = {**made, "response": new, "review": {"reviewer": "ann", "date": DAY.format(0), "verdict": "fix"}}
    lines = [review(made, "fix", 0, new), review(fixed, "approve", 1, reviewer="bea")]
    done = apply([made], lines, DURATION_S)
    assert done.labels[0]["response"] == new
    assert done.labels[0]["review"] == {"reviewer": "bea", "date": DAY.format(1), "verdict": "approve"}
    assert (
        apply([made], lines[1:], DURATION_S).summary()["review_stale"] == 1
    )  # without the fix there is none


@pytest.mark.parametrize(
    ("response", "said"),
    [
        ([span("x", 3, 10.5)], "end <= 10 s"),
        ([span("x", 4, 4)], "start < end"),
        ([span("x", -1, 4)], "0 <= start"),
        ([span("</Response> x", 3, 4)], "spells a state token"),
        ([span("<stream>", 3, 4)], "frame placeholder"),
        ([span(" ", 3, 4)], "expected text"),
        ([instant("x", 3)], "needs a start and an end"),
    ],
)
def test_a_fix_that_breaks_a_rule_is_an_error_with_its_line(response, said):
    with pytest.raises(DataError, match=f"line 1: event_caption-a.mp4-0: .*{re.escape(said)}"):
        apply([label()], [review(label(), "fix", response=response)], DURATION_S)


def test_instants_and_pairs_keep_their_rules():
    narrated = label(task="narration", response=[instant("x", 3)])
    assert faults(narrated, [instant("x", 9.99), span("y", 2, 10)], 10.0) == []
    assert faults(narrated, [instant("x", 10)], 10.0)[0][0] == 0
    base = {**label(task="base_qa", response=[instant("x", 3)]), "kind": "frame_qa"}
    assert faults(base, [], 10.0) == [(-1, "1 questions and 0 answers; expected pairs")]


def test_the_text_of_a_grounding_answer_follows_its_span():
    found = label(task=GROUND, response=[span("from 3s to 6s", 3, 6)])
    moved = span("from 3s to 6s", 3.25, 6)
    assert faults(found, [moved], 10.0) == [(0, "the text tells other times")]
    assert spoken(moved)["content"] == "from 3.25s to 6s" and faults(found, [spoken(moved)], 10.0) == []
    assert spoken(span("a drop", 1, 2))["content"] == "a drop"


def test_times_of_any_raw_label_become_numbers():
    assert with_numbers({"content": "x", "st_time": "00:03", "end_time": "5.5"}) == span("x", 3.0, 5.5)
    assert with_numbers({"content": "x", "time": "01:05", "score": 1}) == instant("x", 65.0)
    assert with_numbers({"content": None, "st_time": "soon", "end_time": 4}) == instant("", 0)
    assert shape_fault(with_numbers({})) is None


@pytest.fixture
def settings(tmp_path):
    scenes = scenes_only(tmp_path / "data", 6)
    shape = (40, 2.0, False, 0, 56, 56, "h264", "0" * 64)
    rows = [Video(s.video_id, float(s.duration_s), *shape, "corpus", "world", "CC0-1.0", "") for s in scenes]
    write_manifest(tmp_path / "manifest.parquet", rows)
    return Settings(
        "world",
        tmp_path / "data" / "labels.json",
        tmp_path / "data" / "media",
        tmp_path / "manifest.parquet",
        params()["annotate"]["weights"],
        0,
        [0, 1],
        0,
    )


def every_stage(settings, folder):
    """The outcomes of all stages, each after its reviews."""
    outcomes: list[Outcome] = []
    for shard in settings.shards:
        here = replace(settings, shard=shard)
        done = {task: reviewed(annotate_shard(task, here), here) for task in TASKS if task != GROUND}
        captions = folder / f"captions-{shard}.json"
        write_json(captions, done["event_caption"].labels)
        outcomes += [*done.values(), reviewed(ground_shard(captions, here), here)]
    return outcomes


@pytest.mark.parametrize("teacher", ["world", "labels"])
def test_every_review_is_counted_by_one_stage(settings, tmp_path, teacher):
    labels = [one for outcome in every_stage(settings, tmp_path) for one in outcome.labels]
    assert not any("review" in one for one in labels)
    if teacher == "labels":
        for number, one in enumerate(labels):
            one["id"] = f"mine {number}"
        settings = replace(settings, teacher="labels")
        write_json(settings.labels, labels)
    by_task = {one["task_type"]: one for one in labels if one["response"]}
    given = [review(one, "approve") for one in by_task.values()]
    strangers = [
        {**labels[0], "id": name} for name in ("x", "narration-none.mp4-0", "tsqa-train/c0000.mp4-99")
    ]
    given += [review(one, "reject") for one in strangers]
    given.append(replace(given[0], sha256="0" * 64))
    write(settings.media.parent / "reviews.jsonl", given)
    outcomes = every_stage(settings, tmp_path)
    counts = [outcome.summary["reviews"] for outcome in outcomes]
    total = {key: sum(one[key] for one in counts) for key in counts[0] if key != "verdicts"}
    assert total == {"applied": 7, "superseded": 0, "review_stale": 1, "review_of_unknown_label": 3}
    marked = {one["task_type"]: one for outcome in outcomes for one in outcome.labels if "review" in one}
    mark = {"reviewer": "ann", "date": DAY.format(0), "verdict": "approve"}
    assert marked == {task: {**one, "review": mark} for task, one in by_task.items()}


def test_a_rejected_label_is_in_quarantine(settings, tmp_path):
    settings = replace(settings, shards=[0])
    made = annotate_shard("offline_qa", settings)
    write(
        settings.media.parent / "reviews.jsonl", [review(made.labels[0], "reject", note="not what happens")]
    )
    again = reviewed(annotate_shard("offline_qa", settings), settings)
    again.write(tmp_path)
    assert again.labels == made.labels[1:]
    (row,) = json.loads(Path(tmp_path / "quarantine.json").read_text())
    assert (row["id"], row["reason"]) == (made.labels[0]["id"], "rejected_by_review")
    assert row["detail"] == f"by ann on {DAY.format(0)}: not what happens"


def test_without_a_file_the_bytes_stay(settings, tmp_path):
    annotate_shard("offline_qa", settings).write(tmp_path / "one")
    reviewed(annotate_shard("offline_qa", settings), settings).write(tmp_path / "two")
    for name in ("labels.json", "quarantine.json", "summary.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
