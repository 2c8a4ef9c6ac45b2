"""A source folder staged against the data, and placed; also half way and again."""

import json
import shutil
from pathlib import Path

import pytest

from components.core.errors import DataError
from flows.retraining.context import RejectedError
from flows.retraining.sources import Folder
from flows.retraining.staging import place, stage_source


def put(path: Path, content: str | object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


@pytest.fixture
def top(tmp_path: Path) -> Path:
    put(tmp_path / "data/media/train/a.mp4", "bytes of a")
    put(tmp_path / "data/labels.json", [{"id": "1", "video_path": "train/a.mp4"}])
    put(tmp_path / "src/media/train/a.mp4", "bytes of a")
    put(tmp_path / "src/media/train/b.mp4", "bytes of b")
    put(tmp_path / "src/scenes/train/b.json", "{}")
    put(tmp_path / "src/labels.json", [{"id": "2", "video_path": "train/b.mp4"}])
    return tmp_path


def stage(top: Path) -> dict[str, object]:
    return stage_source(lambda: Folder(top / "src"), top / "data", top / "run/incoming")


def reasons(snapshot: dict[str, object]) -> dict[str, str]:
    return {row["id"]: row["reason"] for row in snapshot["quarantine"]}  # type: ignore[attr-defined]


def test_what_is_new_is_placed_and_what_is_there_is_counted(top: Path) -> None:
    snapshot = stage(top)
    assert snapshot["videos"] == ["train/b.mp4"]
    assert sorted(snapshot["place"]) == ["labels.json", "media/train/b.mp4", "scenes/train/b.json"]
    assert (snapshot["files"], snapshot["present"], snapshot["rows"]) == (4, 1, {"labels.json": 1})
    place(top / "run/incoming", top / "data", snapshot["place"])
    assert (top / "data/media/train/b.mp4").read_text() == "bytes of b"
    assert [row["id"] for row in json.loads((top / "data/labels.json").read_text())] == ["1", "2"]
    assert stage_source(lambda: Folder(top / "src"), top / "data", top / "again/incoming")["place"] == {}


def test_other_bytes_under_a_known_name_are_refused_with_all_that_is_said_of_them(top: Path) -> None:
    put(top / "src/media/train/a.mp4", "OTHER of a")
    put(top / "src/scenes/train/a.json", "{}")
    put(top / "src/labels.json", [{"id": "2", "video_path": "train/a.mp4"}])
    snapshot = stage(top)
    assert reasons(snapshot) == {
        "media/train/a.mp4": "other_bytes",
        "scenes/train/a.json": "video_quarantined",
        'labels.json/"2"': "video_quarantined",
    }
    place(top / "run/incoming", top / "data", snapshot["place"])
    assert (top / "data/media/train/a.mp4").read_text() == "bytes of a"


def test_links_odd_files_and_odd_names_are_refused_and_never_followed(top: Path) -> None:
    put(top / "secret.txt", "planted content")
    (top / "src/media/out.mp4").symlink_to(top / "secret.txt")
    (top / "src/media/folder").symlink_to(top)
    (top / "src/media/inside.mp4").symlink_to("train/b.mp4")
    put(top / "src/media/new\nline.mp4", "x")
    put(top / "src/notes.txt", "x")
    put(top / "src/scenes/b.txt", "x")
    (top / "src/media/b\udcff.mp4").write_text("x")
    snapshot = stage(top)
    assert reasons(snapshot) == {
        "media/out.mp4": "symlink",
        "media/folder": "symlink",
        "media/inside.mp4": "symlink",
        "media/new\nline.mp4": "bad_name",
        "media/b\\xff.mp4": "bad_name",
        "notes.txt": "not_in_layout",
        "scenes/b.txt": "not_in_layout",
    }
    assert snapshot["videos"] == ["train/b.mp4"]
    staged = [path for path in (top / "run/incoming").rglob("*") if path.is_file()]
    assert not [path for path in staged if path.is_symlink() or "planted content" in path.read_text()]


def test_a_file_cannot_take_the_place_of_a_folder(top: Path) -> None:
    shutil.rmtree(top / "src")
    put(top / "src/media/train/a.mp4/inner.mp4", "x")
    put(top / "src/media/train2", "x")
    put(top / "data/media/train2/c.mp4", "x")
    assert set(reasons(stage(top)).values()) == {"place_taken"}


def test_a_second_look_gives_the_first_snapshot_whatever_became_of_the_source(top: Path) -> None:
    first = stage(top)
    shutil.rmtree(top / "src")
    assert stage(top) == first
    place(top / "run/incoming", top / "data", ["media/train/b.mp4"])
    place(top / "run/incoming", top / "data", first["place"])  # after a kill half way: the rest follows
    shutil.rmtree(top / "data/media")  # a lost worktree
    place(top / "run/incoming", top / "data", first["place"])
    assert (top / "data/media/train/b.mp4").read_text() == "bytes of b"
    assert not list((top / "data").rglob(".*"))
    (top / "run/incoming/media/train/b.mp4").unlink()
    with pytest.raises(DataError, match=r"b\.mp4: gone"):
        place(top / "run/incoming", top / "data", first["place"])


def test_what_a_killed_staging_left_is_removed(top: Path) -> None:
    put(top / "run/.incoming.new-x/media/half.mp4", "ha")
    stage(top)
    assert [path.name for path in (top / "run").iterdir()] == ["incoming"]


@pytest.mark.parametrize("content", ["[1, 2", "{}"])
def test_a_broken_label_file_stops_the_run_by_name(top: Path, content: str) -> None:
    put(top / "src/labels.json", content)
    with pytest.raises(RejectedError, match=r"the source's labels\.json"):
        stage(top)
    assert not (top / "run/incoming").exists()


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(RejectedError, match="no such folder"):
        Folder(tmp_path / "nowhere")
