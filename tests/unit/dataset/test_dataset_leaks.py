"""`streamo leaks`: shared bytes, pictures and names are found, and what could not be compared is said."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.cli.main import main
from components.dataset.leaks import named, origin
from tests.support.clips import copy_again, pictures, save


def label(video: str) -> dict[str, Any]:
    return {"video_path": video, "task_type": "narration", "question": [], "response": []}


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Own videos a, b, c (a copy of b), broken; the benchmark: a, b coded again, one of its own."""
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    (theirs / "deep").mkdir(parents=True)
    mine.mkdir()
    for name in "ab":
        save(mine / f"{name}.mp4", pictures(name))
    shutil.copy(mine / "b.mp4", mine / "c.mp4")
    (mine / "broken.mp4").write_bytes(b"no video")
    shutil.copy(mine / "a.mp4", theirs / "deep" / "x.mp4")
    copy_again(mine / "b.mp4", theirs / "b.mp4")
    save(theirs / "own.mp4", pictures("own"))
    (tmp_path / "labels.json").write_text(json.dumps([label(f"{n}.mp4") for n in ("a", "b", "b", "c")]))
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *argv: object) -> tuple[int, Any, str]:
    capsys.readouterr()
    code = main(["leaks", *map(str, argv), "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else None, said.err


def test_bytes_and_pictures_of_the_benchmark_are_found_and_copies_told(folders, capsys):
    where = ["--media-root", folders / "mine", "--benchmark", folders / "theirs"]
    code, found, _ = run(capsys, folders / "labels.json", *where)
    assert code == 1
    assert [(leak["video"], leak["benchmark"], leak["how"], leak["labels"]) for leak in found["leaks"]] == [
        ("a.mp4", "deep/x.mp4", "same_bytes", 1),
        ("b.mp4", "b.mp4", "near_duplicate", 2),  # the same name on both sides
        ("c.mp4", "b.mp4", "near_duplicate", 1),
    ]
    assert found["near_duplicates"] == [["b.mp4", "c.mp4"]]
    assert (found["labels"], found["videos"], found["looked_at"]) == (4, 3, 3)


def test_without_anything_shared_it_is_0_and_copies_alone_are_no_fault(folders, capsys):
    for name in ("b.mp4", "deep/x.mp4"):
        (folders / "theirs" / name).unlink()
    where = ["--media-root", folders / "mine", "--benchmark", folders / "theirs"]
    code, found, _ = run(capsys, folders / "labels.json", *where)
    assert (code, found["leaks"], found["near_duplicates"]) == (0, [], [["b.mp4", "c.mp4"]])
    assert main(["leaks", str(folders / "labels.json"), *map(str, where)]) == 0
    assert "shared with the benchmark: 0 videos, 0 labels" in capsys.readouterr().out


def test_what_cannot_be_looked_at_is_named(folders, capsys):
    labels = folders / "more.json"
    labels.write_text(json.dumps([label(name) for name in ("a.mp4", "broken.mp4", "gone.mp4", "../a.mp4")]))
    code, found, err = run(capsys, labels, "--media-root", folders / "mine")
    assert code == 0 and sorted(found["unreadable"]) == ["../a.mp4", "broken.mp4", "gone.mp4"]
    assert "3 videos could not be looked at" in err
    labels.write_text(json.dumps([label("gone.mp4")]))
    code, _, err = run(capsys, labels, "--media-root", folders / "mine")
    assert code == 1 and "no video there can be read" in err


def test_names_are_compared_where_only_annotations_are_at_hand(tmp_path, capsys):
    mine = [
        "activitynet/v_abcDEF_1-23.mp4",
        "qvhighlights/xyzXYZ_1-23_60.0_210.0.mp4",
        "own/12.mp4",
        "o/new.mp4",
    ]
    (tmp_path / "l.json").write_text(json.dumps([label(name) for name in mine]))
    theirs = [
        {"video": "x/abcDEF_1-23.webm"},
        {"task": {"video_name": "xyzXYZ_1-23.mp4"}},
        {"video": "12.mp4"},
    ]
    (tmp_path / "bench.json").write_text(json.dumps({"entries": theirs}))
    code, found, _ = run(capsys, tmp_path / "l.json", "--benchmark-labels", tmp_path / "bench.json")
    assert code == 1 and {leak["how"] for leak in found["leaks"]} == {"same_name"}
    assert [leak["video"] for leak in found["leaks"]] == mine[:2]
    assert found["benchmark"]["names"] == 3
    pq.write_table(pa.table({"videoID": ["xyzXYZ_1-23"]}), tmp_path / "bench.parquet")
    code, found, _ = run(capsys, tmp_path / "l.json", "--benchmark-labels", tmp_path / "bench.parquet")
    assert code == 1 and [leak["video"] for leak in found["leaks"]] == mine[1:2]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("a/b.c/film.mp4", "film"),
        ("s13-d21", "s13-d21"),
        ("v1.25", "v1.25"),
        ("sta/RPY8D_0.0_15.2", "RPY8D"),
        ("v_0123456789a_1_2", "0123456789a"),
    ],
)
def test_the_name_that_says_where_a_clip_is_from(name, key):
    assert origin(name) == key


def test_names_are_found_at_any_depth():
    assert named([{"video": "a", "x": [{"video_path": "b", "video": 3}]}, {"video": "a"}]) == {"a": 2, "b": 1}


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (["labels.json"], 2, "nothing to compare with"),
        (["labels.json", "--benchmark", "."], 2, "--benchmark needs --media-root"),
        (["labels.json", "--benchmark-labels", "labels.json", "none.json"], 1, "none.json: no such file"),
        (["labels.json", "--benchmark-labels", "empty.json"], 1, "empty.json: names no video"),
        (["empty.json", "--benchmark-labels", "labels.json"], 1, "no label names a video"),
    ],
)
def test_wrong_use_and_wrong_data(tmp_path, monkeypatch, capsys, argv, code, says):
    monkeypatch.chdir(tmp_path)
    Path("labels.json").write_text(json.dumps([label("abcde.mp4")]))
    Path("empty.json").write_text("[]")
    assert main(["leaks", *argv]) == code and says in capsys.readouterr().err
