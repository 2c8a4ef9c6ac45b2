"""Samples, verdicts and the file they go to."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from components.annotate.reviews import label_sha256, read
from components.core.errors import DataError, UsageError
from components.review.desk import Desk
from components.review.journal import Journal
from components.review.sample import draw, read_labels
from components.review.summary import lines, summarize
from components.video.root import MediaRoot


def labels(count=20):
    """Labels of three tasks, a fifth of the captions quiet."""
    return [
        {"id": f"{task}-{number:03}", "task_type": task, "response": [] if quiet else [{}]}
        for task in ("event_caption", "narration", "tsqa")
        for number in range(count)
        for quiet in [task == "event_caption" and number % 5 == 0]
    ]


def test_a_sample_is_balanced_seeded_and_holds_quiet_labels():
    drawn = draw(labels(), 8, 0)
    assert drawn == draw(labels()[::-1], 8, 0) != draw(labels(), 8, 1)
    kinds = [(label["task_type"], bool(label["response"])) for label in drawn]
    strata = [("event_caption", True), ("event_caption", False), ("narration", True), ("tsqa", True)]
    assert kinds == strata * 2  # any beginning is balanced
    assert drawn[:4] == draw(labels(), 4, 0)
    assert sorted(label["id"] for label in draw(labels(3), 99, 0)) == [label["id"] for label in labels(3)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"id": "x"}', "JSON list"),
        ('[{"video_path": "a"}]', "label 0 has no id"),
        ('[{"id":"x"},{"id":"x"}]', "label 1"),
    ],
)
def test_a_file_that_cannot_be_reviewed_is_named(tmp_path, text, said):
    (tmp_path / "labels.json").write_text(text)
    with pytest.raises(DataError, match=rf"labels\.json: .*{said}"):
        read_labels([tmp_path / "labels.json"])


@pytest.fixture
def desk(world):
    return open_desk(world, "ann")


def open_desk(world, reviewer):
    spans = [
        label
        for label in read_labels(world.label_files)
        if label["response"] and label["response"][0]["time"] == ""
    ]
    return Desk(spans[:3], MediaRoot(world.media), Journal(world.reviews), reviewer)


def shifted(desk, number, by):
    return [{**item, "end_time": item["end_time"] + by} for item in desk.made(number)]


def test_states_follow_edited_times(desk):
    shown = desk.show(0)
    end = int(shown["response"][0]["end_time"])
    assert shown["states"][end]["state"] == "response" and shown["faults"] == []
    later = desk.states(0, shifted(desk, 0, 1))["states"]
    assert [later[turn]["state"] for turn in (end, end + 1)] == ["standby", "response"]


def test_faults_are_told_and_not_saved(desk, world):
    outside = shifted(desk, 0, 1000)
    found = desk.states(0, outside)
    assert found["faults"][0]["place"] == 0 and "expected 0 <= start < end" in found["faults"][0]["text"]
    with pytest.raises(DataError, match="response 1: "):
        desk.decide(0, "fix", outside, "")
    with pytest.raises(UsageError, match="nothing is changed"):
        desk.decide(0, "fix", desk.made(0), "")
    with pytest.raises(UsageError, match="there are changes"):
        desk.decide(0, "approve", shifted(desk, 0, 1), "")
    with pytest.raises(UsageError, match="expected one of approve, fix, reject"):
        desk.decide(0, "maybe", [], "")
    with pytest.raises(UsageError, match="or time alone"):
        desk.decide(0, "fix", [{"content": "x", "st_time": 1, "end_time": "", "time": ""}], "")
    assert not world.reviews.exists()


def test_a_verdict_is_a_line_of_the_file(desk, world):
    desk.decide(0, "approve", desk.made(0), "")
    desk.decide(1, "fix", shifted(desk, 1, -0.5), "  ends sooner ")
    desk.decide(2, "reject", desk.made(2), "nothing of it")
    found = read(world.reviews)
    assert [(one.label, one.verdict, one.note) for one in found] == [
        (desk.labels[0]["id"], "approve", ""),
        (desk.labels[1]["id"], "fix", "ends sooner"),
        (desk.labels[2]["id"], "reject", "nothing of it"),
    ]
    assert [one.sha256 for one in found] == [label_sha256(label) for label in desk.labels]
    assert list(found[1].response) == shifted(desk, 1, -0.5)


def test_a_reviewer_goes_on_where_they_were_and_does_not_see_the_other(desk, world):
    desk.decide(0, "fix", shifted(desk, 0, -0.5), "secret of ann")
    desk.decide(1, "reject", [], "secret of ann")
    again, other = open_desk(world, "ann"), open_desk(world, "bea")
    assert again.session()["verdicts"] == ["fix", "reject", None]
    assert again.show(0)["response"] == shifted(desk, 0, -0.5)
    assert other.session()["verdicts"] == [None, None, None]
    seen = json.dumps([other.session(), *(other.show(number) for number in range(3))])
    assert "secret of ann" not in seen and "reject" not in seen
    assert other.show(0)["response"] == other.made(0)


WRITER = """
    import sys
    from pathlib import Path
    from components.annotate.reviews import Review
    from components.review.journal import Journal
    journal = Journal(Path(sys.argv[1]))
    for number in range(int(sys.argv[2])):
        said = ("reject", (), sys.argv[3], "2026-11-23T00:00:00Z", "n" * 9000)
        journal.append(Review(f"label {number}", "0" * 64, *said))
        print(number, flush=True)
"""


def writer(path, count, name):
    words = [sys.executable, "-c", textwrap.dedent(WRITER), str(path), str(count), name]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def test_two_writers_and_a_kill_lose_no_line_that_was_told(tmp_path):
    path = tmp_path / "reviews.jsonl"
    calm, killed = writer(path, 40, "calm"), writer(path, 10_000, "killed")
    told = [killed.stdout.readline() for _ in range(15)]
    os.kill(killed.pid, signal.SIGKILL)
    told += killed.stdout.readlines()
    killed.wait()
    assert calm.wait(timeout=60) == 0
    found = read(path)  # every line is whole
    by = {name: sum(review.reviewer == name for review in found) for name in ("calm", "killed")}
    assert by["calm"] == 40 and len(told) <= by["killed"] <= len(told) + 1
    (tmp_path / ".reviews.jsonl.left").write_text("half a li")
    Journal(path)
    assert [file.name for file in tmp_path.iterdir()] == ["reviews.jsonl"]


def test_a_last_line_without_its_newline_stays_a_line(tmp_path, desk):
    desk.decide(0, "reject", [], "")
    desk.journal.path.write_bytes(desk.journal.path.read_bytes().rstrip(b"\n"))
    desk.decide(1, "reject", [], "")
    assert len(desk.journal.read()) == 2


def test_a_bad_file_is_named_before_the_page_opens(tmp_path):
    (tmp_path / "r.jsonl").write_text("{}\n")
    with pytest.raises(DataError, match=r"r\.jsonl line 1"):
        Journal(tmp_path / "r.jsonl")


def test_kappa_of_two_reviewers_over_the_labels_both_saw(desk, world):
    for name, words in (("ann", ("approve", "reject", "fix")), ("bea", ("approve", "reject", "reject"))):
        other = open_desk(world, name)
        for number, verdict in enumerate(words):
            other.decide(number, verdict, shifted(other, number, -0.5 if verdict == "fix" else 0), "")
    open_desk(world, "cem").decide(0, "approve", desk.made(0), "")
    found = summarize(read(world.reviews))
    assert found["reviewers"]["bea"] == {"approve": 1, "fix": 0, "reject": 2}
    both = found["pairs"][0]
    assert both["reviewers"] == ["ann", "bea"] and both["labels"] == 3
    # p_o = 2/3; by chance 1/9 approve + 2/9 reject = 1/3: kappa = (2/3 - 1/3) / (2/3)
    assert both["agreement"] == pytest.approx(2 / 3, abs=1e-6) and both["kappa"]["value"] == pytest.approx(
        0.5
    )
    said = "\n".join(lines(found))
    assert "ann and bea: 3 labels in common, 66.7 % equal verdicts, kappa 0.5" in said
    assert "kappa not defined" in said  # ann and cem: one label, one verdict
