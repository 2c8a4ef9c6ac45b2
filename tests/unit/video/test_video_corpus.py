"""The corpus stage on a folder of odd files: everything is in a table or counted."""

import json
import os
import shutil

import pytest

from components.core.errors import DataError
from components.video.corpus import describe, run
from components.video.limits import Limits
from components.video.manifest import SCHEMA, read_manifest
from tests.support import videos


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    videos.plain(folder / "plain.mp4")
    videos.sub_second(folder / "short.mp4")
    videos.out_of_order(folder / "odd.mkv")
    videos.audio_only(folder / "tone.wav")
    videos.truncated(folder / "cut.mp4")
    return folder


@pytest.fixture
def data(tmp_path, clips):
    media = tmp_path / "media"
    (media / "mine" / "deep").mkdir(parents=True)
    shutil.copy(clips / "plain.mp4", media / "mine" / "b.mp4")
    shutil.copy(clips / "plain.mp4", media / "mine" / "deep" / "a.mp4")
    shutil.copy(clips / "short.mp4", media / "top.mp4")
    return tmp_path


def stage(data, name="out", limits=None):
    out = data / name
    out.mkdir()
    summary = run(
        out,
        media=data / "media",
        benchmark=data / "ovo.json",
        sources=data / "sources.json",
        limits=limits or Limits(),
    )
    return out, summary


def test_usable_videos_are_rows_sorted_by_id(data):
    out, summary = stage(data)
    rows = read_manifest(out / "manifest.parquet")
    assert [row.video_id for row in rows] == ["mine/b.mp4", "mine/deep/a.mp4", "top.mp4"]
    assert [row.source for row in rows] == ["mine", "mine", "not stated"]
    assert {row.licence for row in rows} == {"not stated"}
    assert {row.role for row in rows} == {"corpus"}
    assert rows[0].sha256 == rows[1].sha256 != rows[2].sha256
    assert (rows[0].duration_s, rows[0].frames, rows[0].codec, rows[0].note) == (2.0, 20, "h264", "")
    assert summary["files"] == summary["usable"] == 3
    assert summary["duration_s"] == 4.1
    assert json.loads((out / "quarantine.json").read_text()) == []
    assert json.loads((out / "benchmark.json").read_text()) == []


def test_the_schema_is_the_contract():
    probed = "video_id duration_s frames fps variable_rate rotation width height codec"
    assert SCHEMA.names == [*probed.split(), "sha256", "role", "source", "licence", "note"]


def test_what_is_unusable_is_quarantined_with_a_reason_and_counted(data, clips, tmp_path):
    media = data / "media"
    shutil.copy(clips / "tone.wav", media / "tone.wav")
    shutil.copy(clips / "cut.mp4", media / "cut.mp4")
    shutil.copy(clips / "odd.mkv", media / "odd.mkv")
    videos.empty(media / "empty.mp4")
    videos.not_media(media / ".DS_Store")
    os.mkfifo(media / "pipe.mp4")
    (tmp_path / "elsewhere.mp4").write_bytes(b"x")
    (media / "out.mp4").symlink_to(tmp_path / "elsewhere.mp4")
    (media / "again").symlink_to(media / "mine")
    (media / os.fsdecode(b"\xe9t\xe9.mp4")).write_bytes(b"x")
    out, summary = stage(data)
    refused = {row["id"]: row["reason"] for row in json.loads((out / "quarantine.json").read_text())}
    assert refused == {
        ".DS_Store": "not_media",
        "again": "link_to_folder",
        "cut.mp4": "truncated",
        "empty.mp4": "empty_file",
        "out.mp4": "link_leaves_root",
        "pipe.mp4": "not_a_regular_file",
        "tone.wav": "audio_only",
        "\\xe9t\\xe9.mp4": "name_not_utf8",
    }
    assert summary["files"] == 12 == summary["usable"] + sum(summary["quarantined"].values())
    assert summary["notes"] == {"timestamps out of order": 1}
    assert describe(summary) == (
        "corpus: 4 of 12 files usable (corpus 4), 0.00 h; quarantined: audio_only 1, "
        "empty_file 1, link_leaves_root 1, link_to_folder 1, name_not_utf8 1, "
        "not_a_regular_file 1, not_media 1, truncated 1"
    )


def test_limits_come_from_the_caller(data):
    out, summary = stage(data, limits=Limits(max_duration_s=1.0))
    assert summary["quarantined"] == {"too_long": 2}
    assert [row.video_id for row in read_manifest(out / "manifest.parquet")] == ["top.mp4"]


def test_the_benchmark_holds_its_videos_out(data):
    entries = [
        {"id": 4, "task": "EPM", "video": "mine/b.mp4", "realtime": 1},
        {"id": 5, "task": "EPM", "video": "gone.mp4", "realtime": 1},
    ]
    (data / "ovo.json").write_text(json.dumps(entries))
    out, summary = stage(data)
    assert {row.video_id: row.role for row in read_manifest(out / "manifest.parquet")} == {
        "mine/b.mp4": "benchmark",
        "mine/deep/a.mp4": "corpus",
        "top.mp4": "corpus",
    }
    assert [row.video_id for row in read_manifest(out / "manifest.parquet", role="benchmark")] == [
        "mine/b.mp4"
    ]
    assert json.loads((out / "benchmark.json").read_text()) == entries[:1]
    refused = json.loads((out / "quarantine.json").read_text())
    assert [(row["id"], row["reason"]) for row in refused] == [("benchmark/5", "benchmark_video_unusable")]
    assert summary["benchmark_annotations"] == {"in": 2, "kept": 1}


def test_source_and_licence_come_from_the_side_file(data):
    known = {
        "*": {"source": "synthetic world", "licence": "CC0-1.0"},
        "top.mp4": {"source": "phone", "licence": "own work"},
    }
    (data / "sources.json").write_text(json.dumps(known))
    out, _ = stage(data)
    rows = {row.video_id: (row.source, row.licence) for row in read_manifest(out / "manifest.parquet")}
    assert rows["mine/b.mp4"] == ("synthetic world", "CC0-1.0")
    assert rows["top.mp4"] == ("phone", "own work")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("sources.json", '["a"]', "expected an object"),
        ("sources.json", '{"top.mp4": {"source": "x"}}', "top.mp4"),
        ("ovo.json", "{}", "expected a list"),
        ("ovo.json", '[{"id": 1}]', "annotation 0"),
        ("ovo.json", "[", "not valid JSON"),
    ],
)
def test_a_broken_side_file_is_named(data, name, text, said):
    (data / name).write_text(text)
    with pytest.raises(DataError, match=said) as error:
        stage(data)
    assert name in str(error.value)


def test_not_one_usable_video_is_an_error_that_counts_reasons(tmp_path):
    (tmp_path / "media").mkdir()
    videos.empty(tmp_path / "media" / "a.mp4")
    videos.not_media(tmp_path / "media" / "b.mp4")
    with pytest.raises(DataError, match=r"2 files \(empty_file 1, not_media 1\)"):
        stage(tmp_path)


def test_the_same_files_give_the_same_bytes(data):
    one, other = stage(data, "one")[0], stage(data, "two")[0]
    for name in ("manifest.parquet", "quarantine.json", "benchmark.json", "summary.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes()
