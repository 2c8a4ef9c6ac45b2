"""The leak canary sings for every leak that is planted, and is silent without one."""

import json

import numpy as np
import pytest

from components.cli.main import main
from components.core.files import read_json, write_json
from components.dataset.shared import shared_videos
from components.evaluate import run_models
from components.evaluate.answers import LETTERS
from components.evaluate.canary import Said, future, garbage, key_of, labels
from components.evaluate.canary_runs import ovo_bench, suite_ovo
from components.evaluate.canary_video import noisy_copy
from components.evaluate.ovo_bench import Settings
from components.evaluate.ovo_format import check_entry, truths
from components.evaluate.run_frames import VideoFrames
from components.video.frames import frames_at
from tests.support.clips import copy_again, pictures, save
from tests.support.heldout import SECONDS, entries, heldout_checkout, tiny_model


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    root = heldout_checkout(tmp_path_factory.mktemp("canary"))
    tiny_model(root / "model")
    return root


@pytest.fixture(scope="module")
def media(world):
    return world / "data/media"


def few(videos=tuple(SECONDS)):
    """Per clip a letter question and one entry of each forward task."""
    first = {}
    for entry in entries():
        if entry["video"] in videos and entry["task"] != "EPM":
            first.setdefault((entry["video"], entry["task"]), entry)
    return list(first.values())


@pytest.fixture(scope="module")
def honest(world):
    return suite_ovo(world / "model", max_new_tokens=8)


def online(world, protocol="online"):
    return ovo_bench(world / "model", Settings(protocol=protocol, window_turns=16, max_new_tokens=8))


class LaterFrames(VideoFrames):
    """Planted: every turn shows the frame of the turn after it."""

    def rows(self, video, turn, until_s):
        last = self.turns[video] - 1
        return super().rows(video, min(turn + 1, last), float(last))


def test_garbage_is_wrong_everywhere_and_says_nothing_else():
    for true, wrong in zip(entries(), garbage(entries(), 0), strict=True):
        check_entry(wrong, "garbage")
        assert all(a != b for a, b in zip(truths(true), truths(wrong), strict=True))
        for kept in ("id", "task", "video", "question", "options", "realtime", "ask_time", "all_steps"):
            assert wrong.get(kept) == true.get(kept)
        for moved in ("start_times", "end_times", "start_time", "end_time", "clue_time", "answer"):
            assert moved not in true or wrong[moved] != true[moved]
    assert garbage(entries(), 0) == garbage(entries(), 0) != garbage(entries(), 1)


def test_copies_differ_in_the_noise_and_nowhere_else(media, tmp_path):
    source, at = media / "bench/a.mp4", 3.0
    made = {part: tmp_path / f"{part}.mp4" for part in ("none", "after", "upto")}
    counts = {part: noisy_copy(source, path, part, at, seed=0) for part, path in made.items()}
    seconds = SECONDS["bench/a.mp4"]
    assert counts == {"none": 0, "after": seconds - 4, "upto": 4}
    shown = {part: frames_at(path, [float(n) for n in range(seconds)]) for part, path in made.items()}
    for second in range(seconds):
        late = second > at
        assert np.array_equal(shown["none"][second], shown["after"][second]) is not late
        assert np.array_equal(shown["none"][second], shown["upto"][second]) is late


def test_suite_ovo_passes(honest, media, tmp_path):
    assert labels(honest, few(), media, seed=0).passed is True
    ahead = future(honest, few(), media, seed=0, scratch=tmp_path)
    assert (ahead.leaks, ahead.passed, ahead.checked) == ([], True, len(few()))
    assert ahead.sensitive >= 3
    assert list(tmp_path.iterdir()) == []


def test_suite_ovo_bench_passes(world, media, tmp_path):
    one = few(("bench/a.mp4",))
    assert labels(online(world), one, media, seed=0).passed is True
    assert future(online(world), one, media, seed=0, scratch=tmp_path).leaks == []


def test_planted_a_runner_that_reads_the_truth(honest, media):
    def cheating(asked, videos):
        told = honest(asked, videos)
        for entry in asked:
            if "gt" in entry:
                told[key_of(entry)] = Said([LETTERS[entry["gt"]]])
        return told

    verdict = labels(cheating, few(), media, seed=0)
    assert verdict.passed is False
    assert [leak.split("-")[0] for leak in verdict.leaks] == ["OCR"] * len(SECONDS)


def test_planted_questions_placed_by_the_truth_as_the_released_protocol_does(world, media):
    verdict = labels(online(world, "released"), few(("bench/a.mp4",)), media, seed=0)
    assert {leak.split("-")[0] for leak in verdict.leaks} >= {"SSR"}
    assert verdict.passed is False


def test_planted_a_runner_that_shows_later_frames(world, media, tmp_path, monkeypatch):
    monkeypatch.setattr(run_models, "VideoFrames", LaterFrames)
    leaky = suite_ovo(world / "model", max_new_tokens=8)
    verdict = future(leaky, few(), media, seed=0, scratch=tmp_path)
    assert verdict.passed is False and verdict.leaks


def test_a_model_that_never_looks_leaves_the_future_undecided(media, tmp_path):
    def blind(asked, videos):
        return {key_of(entry): Said([None] * len(truths(entry))) for entry in asked}

    verdict = future(blind, few(("bench/a.mp4",)), media, seed=0, scratch=tmp_path)
    assert (verdict.passed, verdict.sensitive, verdict.leaks) == (None, 0, [])


def test_planted_a_training_video_that_is_a_test_video(tmp_path):
    for name in ("train/x.mp4", "train/y.mp4", "test/z.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        save(tmp_path / name, pictures(name))
    durations = {"train/x.mp4": 4.0, "train/y.mp4": 4.0, "test/z.mp4": 4.0}
    train, test = ["train/x.mp4", "train/y.mp4"], ["test/z.mp4"]
    assert shared_videos(train, test, tmp_path, durations) == []

    copy_again(tmp_path / "test/z.mp4", tmp_path / "train/copy.mp4")
    (tmp_path / "train/same.mp4").write_bytes((tmp_path / "test/z.mp4").read_bytes())
    durations |= {"train/copy.mp4": 4.0, "train/same.mp4": 4.0}
    found = shared_videos([*train, "train/copy.mp4", "train/same.mp4"], test, tmp_path, durations)
    assert [(pair.train, pair.test, pair.how) for pair in found] == [
        ("train/copy.mp4", "test/z.mp4", "near_duplicate"),
        ("train/same.mp4", "test/z.mp4", "same_bytes"),
    ]


def test_the_command_names_a_planted_leak_and_exits_1(world, capsys):
    argv = ["canary", str(world / "model"), "--data", str(world), "--json"]
    assert main(argv) == 0
    told = json.loads(capsys.readouterr().out)
    assert {name: verdict["passed"] for name, verdict in told.items()} == dict.fromkeys(told, True)
    split = world / "artifacts/dataset/split.json"
    kept = read_json(split)
    write_json(split, kept | {"bench/a.mp4": "train"})
    try:
        assert main(argv[:-1]) == 1
        assert "bench/a.mp4 (train) and bench/a.mp4 (test): same_bytes" in capsys.readouterr().out
    finally:
        write_json(split, kept)
