"""A few clips of the validation split with their frames, true states and predicted states.

The clips are not picked by hand: per task the sample whose hashed id sorts first among those with something
to say, so that good and bad predictions are equally likely to be shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.core.hashing import sha256_bytes
from components.report.png import data_uri, thumbnail
from components.video.frames import frames_at, turn_times
from components.video.root import MediaRoot

MAX_TURNS = 60
MAX_FRAMES = 12
MAX_SIDE = 64


@dataclass(frozen=True)
class Timeline:
    """One clip: `shown` goes into results.json; the frames, one in `every` turns, only onto the page."""

    shown: dict[str, Any]
    every: int
    frames: list[tuple[int, str]]


def pick(streams: Sequence[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """At most `count` streams, tasks in turn; within a task by the hash of the sample id."""
    per_task: dict[str, list[dict[str, Any]]] = {}
    for stream in sorted(streams, key=lambda s: sha256_bytes(str(s["sample_id"]).encode())):
        if "response" in stream["truth"]:
            per_task.setdefault(stream["task"], []).append(stream)
    chosen: list[dict[str, Any]] = []
    seen: set[str] = set()
    while len(chosen) < count and any(per_task.values()):
        for task in sorted(per_task):
            fresh = [stream for stream in per_task[task] if stream["video_id"] not in seen]
            per_task[task] = fresh[1:]
            if fresh and len(chosen) < count:
                chosen.append(fresh[0])
                seen.add(fresh[0]["video_id"])
    return chosen


def build_timelines(root: Path, model: str, media: Path, *, count: int = 5) -> list[Timeline]:
    """Timelines of the served model from `artifacts/evaluation/<model>-validation/predictions.json`."""
    path = root / "artifacts" / "evaluation" / f"{model}-validation" / "predictions.json"
    predictions = read_json(path)
    if not isinstance(predictions, dict) or not isinstance(predictions.get("streams"), list):
        raise DataError(f"{path}: expected an object with a list `streams` (components/evaluate/README.md)")
    return [timeline(stream, MediaRoot(media)) for stream in pick(predictions["streams"], count)]


def timeline(stream: dict[str, Any], media: MediaRoot) -> Timeline:
    """One stream with up to `MAX_FRAMES` evenly spaced frames of its first `MAX_TURNS` turns."""
    turns = min(len(stream["states"]), MAX_TURNS)
    every = -(-turns // MAX_FRAMES)
    instants = list(range(0, max(1, turns - every + 1), every))
    times = turn_times(turns)
    images = frames_at(media.resolve(stream["video_id"]), [times[turn] for turn in instants])
    said = {turn: text for turn, text in stream["texts"].items() if int(turn) < turns}
    shown = {
        "sample_id": stream["sample_id"],
        "video_id": stream["video_id"],
        "task": stream["task"],
        "question": stream.get("question", ""),
        "question_turn": stream["question_turn"],
        "truth": list(stream["truth"][:turns]),
        "states": list(stream["states"][:turns]),
        "texts": dict(sorted(said.items(), key=lambda item: int(item[0]))),
        "cut_at": turns if turns < len(stream["states"]) else None,
        "turns_right": sum(
            a == b for a, b in zip(stream["truth"][:turns], stream["states"][:turns], strict=True)
        ),
    }
    pictures = [data_uri(thumbnail(image, MAX_SIDE)) for image in images]
    return Timeline(shown, every, list(zip(instants, pictures, strict=True)))
