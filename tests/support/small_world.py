"""A small piece of the embedded world in seconds: scenes, videos, labels, dialogues, for any test."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from components.annotate.run import BUILDERS, annotate, ground_events
from components.annotate.samples import Clip
from components.annotate.shards import in_shard
from components.core.files import write_json
from components.protocol.convert import convert_sample
from components.protocol.turns import Dialogue
from components.world import Heldout, render
from components.world.generate import render_scene, sample_scenes
from components.world.sample import Lengths
from components.world.scene import Scene, scene_path
from components.world.teacher import WorldTeacher

PARAMS = Path(__file__).parents[2] / "params.yaml"


def params() -> dict[str, Any]:
    """The committed params.yaml."""
    values: dict[str, Any] = yaml.safe_load(PARAMS.read_text())
    return values


def lengths() -> Lengths:
    """The event lengths of params.yaml."""
    return Lengths.from_params(params()["world"]["lengths"])


def small_world(folder: Path, *, clips: int = 4, heldout_sets: int = 0, seed: int = 0) -> list[Scene]:
    """Render `clips` training clips, and a tiny benchmark if asked, into the data folder `folder`."""
    heldout = Heldout(sets=heldout_sets) if heldout_sets else None
    return render(folder, clips=clips, seed=seed, heldout=heldout, lengths=lengths())


def sharded_world(folder: Path, shards: Sequence[int], *, each: int) -> list[Scene]:
    """Training clips in the data folder `folder`, of which every shard gets `each`."""
    left = dict.fromkeys(shards, each)
    chosen: list[Scene] = []
    render(folder, clips=0, seed=0)
    for scene in sample_scenes("train", 40, 0, lengths()):
        (shard,) = (shard for shard in shards if in_shard(scene.video_id, shard, shards))
        if left[shard]:
            left[shard] -= 1
            render_scene(folder, scene)
            chosen.append(scene)
    assert not any(left.values()), "more scenes than these are needed"
    return chosen


def scenes_only(folder: Path, count: int, seed: int = 0) -> list[Scene]:
    """Scene files without videos: enough for the world's teacher, at a tenth of the time."""
    scenes = sample_scenes("train", count, seed, lengths())
    for scene in scenes:
        write_json(scene_path(folder, scene.video_id), scene.to_json())
    return scenes


def all_labels(folder: Path, scenes: Sequence[Scene], seed: int = 0) -> list[dict[str, Any]]:
    """Raw labels of every task, grounding included, with the weights of params.yaml."""
    clips = [Clip(scene.video_id, float(scene.duration_s)) for scene in scenes]
    weights, teacher = params()["annotate"]["weights"], WorldTeacher(folder)
    labels: list[dict[str, Any]] = []
    for task in BUILDERS:
        labels += annotate(task, clips, teacher, weights, seed, folder / "media").labels
    captions = [label for label in labels if label["task_type"] == "event_caption"]
    return labels + ground_events(Path("labels.json"), clips, weights, seed, captions).labels


def dialogue_of(label: dict[str, Any], scenes: Sequence[Scene]) -> Dialogue:
    """The stream dialogue of a raw label by the corrected rules."""
    seconds = next(scene.duration_s for scene in scenes if scene.video_id == label["video_path"])
    return convert_sample(label, seconds, duration_s=float(seconds))
