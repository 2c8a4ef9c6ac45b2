"""Real clips of every kind, labelled, through the whole DAG; only data and params differ."""

import csv
import json
import math
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.core.files import read_json
from components.video.manifest import Video, read_manifest
from tests.e2e.own_videos import (
    changed_files,
    check_responses,
    check_split,
    own_workspace,
    where_files_went,
    where_labels_went,
)
from tests.e2e.workspace import Workspace
from tests.support.real_labels import STREAM_TASKS, faulty_labels, real_labels

pytestmark = pytest.mark.slow
OVERLAY = {
    "annotate": {"teacher": "labels"},
    "validate": {
        "ratio_profile": "real",
        "profiles": {
            "real": {
                "silence": 0.61, "standby": 0.23, "response": 0.16, "tolerance": 0.03, "task_tolerance": 1.0,
            }
        },
    },
    "base": {"frame_steps": 2, "frame_batch": 8, "clip_steps": 2, "clip_frames": 4, "clip_clips": 1},
    "train": {
        "methods": ["focal"], "steps": 20, "batch": 2, "checkpoints": [10],
        "check_every": 10, "check_samples": 4,
    },
    "evaluate": {"suites": ["validation"]},
}  # fmt: skip


def label(videos: Sequence[Video]) -> list[dict[str, Any]]:
    """Every task on clips of at least a second, and three labels that cannot be placed."""
    return real_labels(videos) + faulty_labels(max(videos, key=lambda video: video.duration_s))


@pytest.fixture(scope="module")
def own(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The clone after `dvc repro` on every file of the shared clips, media or not."""

    def fill(media: Path) -> None:
        shutil.copytree(shared_data / "videos", media, copy_function=shutil.copyfile)
        for folder in [media, *(path for path in media.rglob("*") if path.is_dir())]:
            folder.chmod(0o755)

    workspace = own_workspace(tmp_path_factory.mktemp("real"), fill, label, OVERLAY)
    workspace.run("dvc", "repro", timeout=1500)
    yield workspace
    shutil.rmtree(workspace.root, ignore_errors=True)


def test_only_data_and_params_differ_from_the_checkout(own: Workspace) -> None:
    assert changed_files(own) <= {"params.yaml", "data.dvc", "dvc.lock", ".gitignore"}


def test_every_file_is_in_the_manifest_or_quarantined(own: Workspace) -> None:
    usable, refused = where_files_went(own.root)
    assert len(usable) >= 15
    named = {Path(name).name: reason for name, reason in refused.items()}
    assert named["Mpeg4.mp4"] == "no_video_stream"
    assert named["mp4-with-audio.mp4"] == named["test.wav"] == "audio_only"
    assert named["SOURCE.txt"] == "not_media"


def test_every_label_is_in_a_table_or_counted(own: Workspace) -> None:
    places = where_labels_went(own.root)
    aside = sorted(place for place in places.values() if place not in ("turns", "base_qa"))
    assert aside == ["no_question", "question_after_end", "unknown_video"]
    check_responses(own.root)


def test_every_clip_of_a_second_is_in_the_dataset_with_every_task(own: Workspace) -> None:
    check_split(own.root)
    videos = read_manifest(own.root / "artifacts/corpus/manifest.parquet")
    long = {video.video_id for video in videos if video.duration_s >= 1}
    raws = {raw["id"]: raw for raw in read_json(own.root / "data/labels.json")}
    placed = [raws[name] for name, place in where_labels_went(own.root).items() if place == "turns"]
    assert {raw["video_path"] for raw in placed} == long
    assert {raw["task_type"] for raw in placed} == set(STREAM_TASKS)
    gate = read_json(own.root / "artifacts/validation/result.json")
    assert gate["success"] and gate["rows"] == read_json(own.root / "artifacts/turns/summary.json")["turns"]


def test_twenty_steps_were_trained_within_memory(own: Workspace) -> None:
    model = own.root / "models/qwen2_5_vl-focal-0"
    assert read_json(model / "streamo.json")["step"] == 20
    with (model / "curves/loss.csv").open(newline="") as stream:
        losses = [float(row["loss"]) for row in csv.DictReader(stream)]
    assert len(losses) == 20 and all(math.isfinite(loss) for loss in losses)
    records = [read_json(path) for path in (own.root / "runs").glob("*/2*.json")]
    assert max(record["peak_memory_mb"] for record in records) < 6000


@pytest.mark.parametrize(("name", "turns"), [("no_duration.webm", 5), ("video_180.mov", 1)])
def test_the_model_watches_a_real_clip(own: Workspace, name: str, turns: int) -> None:
    (clip,) = (own.root / "data/media").rglob(name)
    done = own.streamo(
        "stream", "--model", "models/qwen2_5_vl-focal-0", str(clip), "--ask", "What goes on?@0", "--json"
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["turn"] for line in lines] == list(range(turns))
    assert all(
        math.isclose(sum(line[f"p_{s}"] for s in ("silence", "standby", "response")), 1, abs_tol=1e-4)
        for line in lines
    )
    assert all((line["text"] is not None) == (line["state"] == "response") for line in lines)


def test_the_report_says_that_no_test_set_was_run(own: Workspace) -> None:
    page = (own.root / "artifacts/report/index.html").read_text()
    assert "No OVO-Bench suite was run on this corpus" in page
    assert 'id="ovo"' not in page and 'id="validation"' in page
    checks = read_json(own.root / "artifacts/register/verdict.json")["checks"]
    assert {"gate_passed", "validation_above_floor"} <= {check["name"] for check in checks}
