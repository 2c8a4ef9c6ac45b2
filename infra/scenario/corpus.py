"""Videos and labels of the scenario: a first corpus, clips that arrive later, labels made wrong.

The labels lie beside the videos (`annotate.teacher: labels`), as with a user's own corpus, so that wrong ones
can arrive without touching a video. Most ask several questions and answer each on its own turn: what a small
model learns first, and what responses of other clips take away.
"""

import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.annotate.run import annotate
from components.annotate.samples import Clip
from components.core.files import read_json, write_json
from components.core.seeds import rng
from components.world.generate import render_scene, sample_scenes
from components.world.sample import Lengths
from components.world.teacher import WorldTeacher

COPIES = 4
WEIGHTS = {
    "event_caption": 0.5,
    "own_turn": 3.0,
    "own_turn_questions": 3.0,
    "offline": 0.0,
    "clue": 0.0,
    "frame_caption": 4.0,
    "frame_qa": 4.0,
    "clip_qa": 1.0,
}
TASKS = ("event_caption", "offline_qa", "base_qa")


@dataclass(frozen=True)
class Batch:
    """Clips rendered together; `folder` is their place below the media root."""

    folder: str
    clips: int
    seed: int
    lengths: Lengths


FIRST = Batch("first", 80, 0, Lengths(clip_s=(10, 12)))
# The planted shift: longer clips, and lamps that stay longer.
DRIFTED = Batch("arrived", 24, 1, Lengths(clip_s=(15, 17), lamp_s=(7, 9)))


def add(data: Path, batch: Batch) -> None:
    """Render a batch into the data folder `data` and add its labels to `labels.json`."""
    scenes = sample_scenes(batch.folder, batch.clips, batch.seed, batch.lengths)
    for scene in scenes:
        render_scene(data, scene)
    clips = [Clip(scene.video_id, float(scene.duration_s)) for scene in scenes]
    labels = _labels(data) + [label for task in TASKS for label in _annotate(task, clips, data, batch.seed)]
    write_json(data / "labels.json", labels)
    shutil.rmtree(data / "scenes")  # the label file is the only teacher
    licence = {"source": "embedded world", "licence": "CC0-1.0"}
    write_json(data / "sources.json", {"*": licence})


def _labels(data: Path) -> list[dict[str, Any]]:
    path = data / "labels.json"
    return list(read_json(path)) if path.exists() else []


def _annotate(task: str, clips: Sequence[Clip], data: Path, seed: int) -> list[dict[str, Any]]:
    return annotate(task, clips, WorldTeacher(data), WEIGHTS, seed, data / "media").labels


def write_shuffled(source: Path, data: Path, training: Collection[str], seed: int) -> int:
    """Write `source/labels.json`: questions of the videos in `training`, each with another one's responses.

    `COPIES` rows for each right one, under ids of their own, as from a bad annotator: right labels stay what
    they are, and so does everything about held-out videos, which must judge the result. Returns the rows.
    """
    right = [
        label
        for label in _labels(data)
        if label["task_type"] == "offline_qa" and label["video_path"] in training
    ]
    generator, rows = rng(seed, "scenario", "shuffle"), []
    for copy in range(COPIES):
        order = generator.permutation(len(right))
        for label, other in zip(right, order, strict=True):
            shuffled = {"id": f"{label['id']}-shuffled-{copy}", "response": right[int(other)]["response"]}
            rows.append({**label, **shuffled})
    write_json(source / "labels.json", rows)
    return len(rows)
