"""A small folder of odd videos with a label file, made on the spot, through every stage but the benchmark."""

import csv
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.core.files import read_json
from components.video.manifest import Video
from tests.e2e.own_videos import (
    changed_files,
    check_responses,
    check_split,
    own_workspace,
    where_files_went,
    where_labels_went,
)
from tests.e2e.workspace import Workspace
from tests.support import clips, videos
from tests.support.real_labels import faulty_labels, real_labels

OVERLAY = {
    "annotate": {
        "teacher": "labels",
        "tasks": ["narration", "event_caption", "tsqa", "offline_qa", "base_qa"],
    },
    "validate": {
        "ratio_profile": "own",
        "profiles": {
            "own": {
                "silence": 0.38, "standby": 0.17, "response": 0.45, "tolerance": 0.05, "task_tolerance": 1.0,
            }
        },
    },
    "dataset": {"validation_share": 0.4},
    "base": {"frame_steps": 1, "frame_batch": 2, "clip_steps": 1, "clip_frames": 2, "clip_clips": 1},
    "train": {"methods": ["focal"], "steps": 2, "batch": 2, "checkpoints": []},
    "evaluate": {"suites": ["validation"]},
}  # fmt: skip
REFUSED = {
    "broken/cut off.mp4": "truncated",
    "broken/scrambled.mp4": "undecodable",
    "broken/sound.wav": "audio_only",
    "broken/song.mp3": "audio_only",
    "broken/nothing.mp4": "empty_file",
    "broken/no stream.mp4": "no_video_stream",
    "notes.txt.mp4": "not_media",
    "list.m3u8": "not_media",
}


def fill(media: Path) -> None:
    """Ten usable videos, two of them copies of another, and a file for every entry of REFUSED."""
    (media / "tag eins/übung").mkdir(parents=True)
    (media / "broken").mkdir()
    for number, seconds in enumerate((3, 4, 5, 6)):
        clips.save(media / f"tag eins/clip {number}.mp4", clips.pictures(f"own {number}", seconds))
    shutil.copyfile(media / "tag eins/clip 0.mp4", media / "tag eins/same bytes.mp4")
    clips.copy_again(media / "tag eins/clip 1.mp4", media / "tag eins/übung/coded again.mkv")
    videos.rotated(media / "tag eins/übung/turned.mp4")
    videos.variable_rate(media / "variable.mp4")
    videos.no_header_duration(media / "live.mkv")
    videos.sub_second(media / "blink.mp4")
    videos.truncated(media / "broken/cut off.mp4")
    videos.scrambled(media / "broken/scrambled.mp4")
    videos.audio_only(media / "broken/sound.wav")
    videos.cover_picture(media / "broken/song.mp3")
    videos.empty(media / "broken/nothing.mp4")
    videos.no_stream(media / "broken/no stream.mp4")
    videos.not_media(media / "notes.txt.mp4")
    videos.playlist(media / "list.m3u8", media / "variable.mp4")


def label(found: Sequence[Video]) -> list[dict[str, Any]]:
    """Labels of every task, one of which has no stage here, and five that cannot be placed."""
    labels = real_labels(found) + faulty_labels(found[0])
    lost = {**labels[0], "id": "of-a-broken-video", "video_path": "broken/cut off.mp4"}
    odd = {**labels[0], "id": "odd-task", "task_type": "karaoke"}
    return [*labels, lost, odd]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The clone after `dvc repro` on that folder."""
    workspace = own_workspace(tmp_path_factory.mktemp("own"), fill, label, OVERLAY)
    workspace.run("dvc", "repro")
    yield workspace
    shutil.rmtree(workspace.root, ignore_errors=True)


def test_only_data_and_params_differ_from_the_checkout(own: Workspace) -> None:
    assert changed_files(own) <= {"params.yaml", "data.dvc", "dvc.lock", ".gitignore"}


def test_every_file_is_in_the_manifest_or_quarantined(own: Workspace) -> None:
    usable, refused = where_files_went(own.root)
    assert refused == REFUSED
    assert len(usable) == 10 and "blink.mp4" in usable and "tag eins/übung/coded again.mkv" in usable


def test_every_label_is_in_a_table_or_counted(own: Workspace) -> None:
    places = where_labels_went(own.root)
    raws = {raw["id"]: raw for raw in read_json(own.root / "data/labels.json")}
    aside = {name: place for name, place in places.items() if place not in ("turns", "base_qa")}
    not_run = {name for name, place in aside.items() if place == "task_not_run"}
    assert {raws[name]["task_type"] for name in not_run} == {"action_caption"}
    rest = sorted(place for name, place in aside.items() if name not in not_run)
    assert rest == ["no_question", "question_after_end", "unknown_task", "unknown_video", "unknown_video"]
    check_responses(own.root)


def test_the_split_keeps_copies_together(own: Workspace) -> None:
    check_split(own.root)
    split = read_json(own.root / "artifacts/dataset/split.json")
    assert split["tag eins/clip 0.mp4"] == split["tag eins/same bytes.mp4"]
    assert split["tag eins/clip 1.mp4"] == split["tag eins/übung/coded again.mkv"]


def test_a_model_is_trained_reported_and_judged(own: Workspace) -> None:
    with (own.root / "models/qwen2_5_vl-focal-0/curves/loss.csv").open(newline="") as stream:
        assert [row["step"] for row in csv.DictReader(stream)] == ["1", "2"]
    assert "No OVO-Bench suite was run" in (own.root / "artifacts/report/index.html").read_text()
    assert read_json(own.root / "artifacts/register/verdict.json")["decision"] in ("register", "refuse")
