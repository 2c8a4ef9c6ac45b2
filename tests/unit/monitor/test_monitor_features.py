"""Stage features: what it tells of turns and pictures, the same bytes twice, refusals."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from components.core.errors import DataError, UsageError
from components.core.hashing import sha256_tree
from components.monitor.dialogues import sample_features
from components.monitor.pictures import look_at
from components.monitor.run import Inputs, derive
from components.protocol.convert import convert_sample
from components.protocol.tables import write_turns
from components.video import corpus
from components.video.limits import Limits
from tests.support.clips import pictures, save

EVENTS = [(3, 6, "a red square"), (8, 9, "two")]


def label(video_id: str, question: int = 1) -> dict[str, object]:
    return {
        "id": f"event_caption-{video_id}-0",
        "video_name": video_id,
        "video_path": video_id,
        "task_type": "event_caption",
        "source": "test",
        "question": [{"content": "What happens?", "time": question}],
        "response": [
            {"content": text, "st_time": start, "end_time": end, "time": ""} for start, end, text in EVENTS
        ],
    }


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """Three clips of twelve seconds, one of them held out, and a sample of each of the others."""
    root = tmp_path_factory.mktemp("features")
    names = ["train/a.mp4", "train/b.mp4", "test/held.mp4"]
    for name in names:
        save(root / "data/media" / name, pictures(name, seconds=12))
    (root / "data/benchmark").mkdir()
    entry = '[{"id": 0, "task": "EPM", "video": "test/held.mp4", "question": "q", "options": ["a"], "gt": 0}]'
    (root / "data/benchmark/ovo.json").write_text(entry)
    (root / "corpus").mkdir()
    data = {"media": root / "data/media", "benchmark": root / "data/benchmark/ovo.json"}
    corpus.run(root / "corpus", **data, sources=root / "data/sources.json", limits=Limits())
    samples = [convert_sample(label(name), 12, duration_s=12.0) for name in names[:2]]
    write_turns(root / "turns.parquet", samples)
    return Inputs(root / "data/media", root / "corpus/manifest.parquet", root / "turns.parquet")


def test_features_of_a_sample() -> None:
    row = sample_features(convert_sample(label("v.mp4"), 12, duration_s=11.5))
    assert (row.turns, row.responses, row.duration_s) == (12, 2, 11.5)
    assert (row.silence, row.standby, row.response) == (0.5, 0.333333, 0.166667)
    assert (row.first_response_turn, row.turns_to_response, row.gap_turns) == (6, 5, 3.0)
    assert (row.answer_tokens, row.answer_characters) == (2.0, 7.5)


def test_a_sample_without_a_response_has_no_lengths() -> None:
    silent = {**label("v.mp4"), "response": []}
    row = sample_features(convert_sample(silent, 12, duration_s=12.0))
    assert (row.silence, row.responses) == (1.0, 0)
    assert row.first_response_turn is row.turns_to_response is row.answer_tokens is row.gap_turns is None


def test_features_of_pictures(tmp_path: Path) -> None:
    grey = np.full((48, 64, 3), 60, np.uint8)
    red = np.full((48, 64, 3), (200, 40, 40), np.uint8)
    still = look_at(save(tmp_path / "still.mp4", [grey] * 4), 4.0, 4)
    assert still.brightness == pytest.approx(60, abs=2)
    assert max(still.contrast, still.saturation, still.frame_difference) < 2
    moving = look_at(save(tmp_path / "moving.mp4", [grey, red] * 2), 4.0, 4)
    assert moving.brightness == pytest.approx((60 + 0.299 * 200 + 0.701 * 40) / 2, abs=3)
    assert moving.saturation == pytest.approx(80, abs=6)
    assert moving.frame_difference == pytest.approx(0.299 * 200 + 0.701 * 40 - 60, abs=3)
    assert look_at(tmp_path / "moving.mp4", 4.0, 1).frame_difference == 0.0


def test_the_product_has_training_videos_only_and_the_same_bytes_twice(
    inputs: Inputs, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        summary = derive(tmp_path / name, inputs, frames=4)
    assert sha256_tree(tmp_path / "one") == sha256_tree(tmp_path / "two")
    assert summary["tasks"] == {"event_caption": 2}
    videos = pq.read_table(tmp_path / "one/videos.parquet").to_pylist()
    assert [video["video_id"] for video in videos] == ["train/a.mp4", "train/b.mp4"]
    assert {(video["width"], video["height"], video["fps"]) for video in videos} == {(64, 48, 2.0)}
    assert pq.read_table(tmp_path / "one/samples.parquet").num_rows == 2


def test_a_sample_of_an_unknown_video_and_no_frames_are_refused(inputs: Inputs, tmp_path: Path) -> None:
    write_turns(tmp_path / "turns.parquet", [convert_sample(label("test/held.mp4"), 12, duration_s=12.0)])
    with pytest.raises(DataError, match=r"test/held\.mp4.*no training video"):
        derive(tmp_path, Inputs(inputs.media, inputs.manifest, tmp_path / "turns.parquet"), frames=2)
    with pytest.raises(UsageError, match=r"monitor\.frames"):
        derive(tmp_path, inputs, frames=0)
