"""The labels written for real clips convert without a loss, at every length from one second on."""

import pytest

from components.annotate.importer import Place, import_labels
from components.core.files import write_json
from components.protocol.convert import convert_sample
from components.video.manifest import Video
from components.video.times import num_turns
from tests.support.real_labels import STREAM_TASKS, faulty_labels, real_labels


def clip(name, duration_s, role="corpus"):
    return Video(
        name, duration_s, 30, 30.0, False, 0, 64, 48, "h264", "0" * 64, role, "test", "not stated", ""
    )


CLIPS = [clip(f"a/clip_{n}.mp4", d) for n, d in enumerate([1.0, 1.001, 2.5, 4.938, 10.01, 38.747])]


def test_every_clip_has_labels_and_every_task_a_clip():
    labels = real_labels([*CLIPS, clip("short.mp4", 0.1), clip("held.mp4", 9.0, "benchmark")])
    assert {label["video_path"] for label in labels} == {video.video_id for video in CLIPS}
    assert {label["task_type"] for label in labels} == {*STREAM_TASKS, "base_qa"}
    assert {"frame_caption", "frame_qa", "clip_qa"} <= {label["kind"] for label in labels}
    assert len({label["id"] for label in labels}) == len(labels)


def test_one_clip_alone_gets_every_task():
    assert {label["task_type"] for label in real_labels(CLIPS[-1:])} == {*STREAM_TASKS, "base_qa"}
    with pytest.raises(ValueError, match="one second"):
        real_labels([clip("short.mp4", 0.5)])


@pytest.mark.parametrize("video", CLIPS, ids=lambda video: str(video.duration_s))
def test_every_stream_label_converts_with_nothing_set_aside(video):
    turns = num_turns(video.duration_s)
    for label in real_labels([video]):
        dialogue = convert_sample(label, turns, duration_s=video.duration_s)
        assert dialogue.quarantine == []
        assert len(dialogue.turns) == turns
        assert any(turn.text for turn in dialogue.turns)


def test_the_importer_takes_all_of_them_and_sets_the_faulty_aside(tmp_path):
    good, bad = real_labels(CLIPS), faulty_labels(CLIPS[2])
    write_json(tmp_path / "labels.json", good + bad)
    seconds = {video.video_id: video.duration_s for video in CLIPS}
    taken, aside = 0, []
    for task in [*STREAM_TASKS, "base_qa"]:
        outcome = import_labels(tmp_path / "labels.json", Place(task, 0, [0], seconds, []))
        taken += len(outcome.labels)
        aside += [row["reason"] for row in outcome.quarantine]
    assert sorted(aside) == ["no_question", "unknown_video"]
    assert taken == len(good) + 1  # the question after the end is set aside by the conversion
    dialogue = convert_sample(bad[0], 3, duration_s=2.5)
    assert [row.reason for row in dialogue.quarantine] == ["question_after_end"]
