"""With two held-out clips' files exchanged and every scene file gone, predictions follow the video."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from components.evaluate.ovo_format import Entry, load_annotations
from components.evaluate.run_models import Runner
from components.evaluate.run_queries import make_queries, to_stream
from components.video.frames import num_turns
from components.video.manifest import read_manifest
from tests.e2e.workspace import Workspace

MODEL = "models/qwen2_5_vl-focal-0"
QUESTION = "keep telling me the jump count@0"


@dataclass(frozen=True)
class Seen:
    """What one file shows: lines of `streamo stream`, its pictures as the runner sees them, and its answers.

    lines: without the time each took. rows: (turns, visual tokens, width) of the vision tower. answers: the
    streams of all benchmark questions about either clip, asked of this file.
    """

    lines: list[dict[str, Any]]
    rows: torch.Tensor
    answers: list[dict[str, Any]]


def pair_of_one_length(root: Path, entries: Sequence[Entry]) -> tuple[str, str, int]:
    """The first two held-out clips that are equally long and have benchmark questions, and their turns."""
    asked = {entry["video"] for entry in entries}
    first: dict[int, str] = {}
    for video in read_manifest(root / "artifacts/corpus/manifest.parquet", role="benchmark"):
        turns = num_turns(video.duration_s)
        if turns in first and video.video_id in asked:
            return first[turns], video.video_id, turns
        if video.video_id in asked:
            first[turns] = video.video_id
    raise AssertionError("no two held-out clips of one length")


def look(
    workspace: Workspace, videos: Sequence[str], turns: int, entries: Sequence[Entry]
) -> dict[str, Seen]:
    """Watch each of the videos with the stream command and with the runner of suite `ovo`."""
    root = workspace.root
    runner = Runner(root / "data/media", dict.fromkeys(videos, turns), max_new_tokens=8)
    runner.use(root / MODEL)
    assert runner.frames is not None
    found = {}
    for video in videos:
        path = root / "data/media" / video
        said = workspace.streamo("stream", "--model", MODEL, str(path), "--ask", QUESTION, "--json").stdout
        lines = [json.loads(line) for line in said.splitlines()]
        queries = make_queries(entries, runner.turns, dict.fromkeys(videos, video))
        watched = runner.watch([query.plan for query in queries], video)
        found[video] = Seen(
            [{key: value for key, value in line.items() if key != "latency_ms"} for line in lines],
            torch.stack([runner.frames.rows(video, turn, turn)[0] for turn in range(turns)]),
            [to_stream(*both).plain() for both in zip(queries, watched, strict=True)],
        )
    return found


@contextmanager
def exchanged(root: Path, one: str, other: str) -> Iterator[None]:
    """The two files under each other's names, and no scene files; both are undone at the end."""
    left, right, aside = root / "data/media" / one, root / "data/media" / other, root / "aside.mp4"
    scenes, away = root / "data/scenes", root / "aside-scenes"

    def swap() -> None:
        left.rename(aside)
        right.rename(left)
        aside.rename(right)

    swap()
    scenes.rename(away)
    try:
        yield
    finally:
        away.rename(scenes)
        swap()


@pytest.fixture(scope="module")
def looks(smoke: Workspace) -> tuple[Seen, Seen, Seen, Seen]:
    """The two clips as they are, then the files under the same two names after the exchange."""
    entries = load_annotations(smoke.root / "artifacts/corpus/benchmark.json")
    one, other, turns = pair_of_one_length(smoke.root, entries)
    asked = [entry for entry in entries if entry["video"] in (one, other)]
    before = look(smoke, (one, other), turns, asked)
    with exchanged(smoke.root, one, other):
        assert not (smoke.root / "data/scenes").exists()
        after = look(smoke, (one, other), turns, asked)
    return before[one], before[other], after[one], after[other]


def test_the_two_clips_are_told_apart(looks: tuple[Seen, Seen, Seen, Seen]) -> None:
    one, other, _, _ = looks
    assert one.lines != other.lines
    assert not torch.equal(one.rows, other.rows)


def test_the_stream_command_follows_the_file(looks: tuple[Seen, Seen, Seen, Seen]) -> None:
    one, other, now_one, now_other = looks
    assert now_one.lines == other.lines
    assert now_other.lines == one.lines


def test_the_benchmark_runner_follows_the_file(looks: tuple[Seen, Seen, Seen, Seen]) -> None:
    one, other, now_one, now_other = looks
    assert torch.equal(now_one.rows, other.rows) and torch.equal(now_other.rows, one.rows)
    assert one.answers and now_one.answers == other.answers and now_other.answers == one.answers


def test_the_workspace_is_left_as_it_was(smoke: Workspace, looks: tuple[Seen, Seen, Seen, Seen]) -> None:
    assert looks and (smoke.root / "data/scenes").is_dir()
    assert smoke.run("dvc", "status", "--json").stdout.strip() in {"{}", ""}
