"""Small Streamo-Bench sets: from hand-written timelines, from sampled scenes; scene files for given clips."""

from pathlib import Path

from components.core.files import write_json
from components.evaluate.streamo_bench.format import BenchSet
from components.evaluate.streamo_bench.make import Recipe, make
from components.evaluate.streamo_bench.timelines import Timeline, read_public
from components.evaluate.streamo_bench.world import GROUND, timeline
from components.world.generate import sample_scenes
from components.world.sample import Lengths
from components.world.scene import Scene, Span, scene_path

PUBLIC = {
    "v_GLd3aX16zBg": {
        "duration": 60.5,
        "timestamps": [[5, 12.5], [14, 20], [30, 41]],
        "sentences": [
            "spread butter on the bread",
            "  place cheese on the bread ",
            "cut the sandwich in half",
        ],
    },
    "v_4B6j3gYkvr4": {
        "duration": 40,
        "timestamps": [[1, 9], [5, 20], [22, 30]],
        "sentences": ["peel the onion", "pour milk on the onion", "peel the onion"],
    },
    "v_xxxxxxxxxxx": {"duration": 30, "timestamps": [[3, 10]], "sentences": ["stir the soup in the pot"]},
}


def public_file(folder: Path) -> Path:
    """A label file in the form of ActivityNet Captions and YouCook2."""
    path = folder / "labels.json"
    write_json(path, PUBLIC)
    return path


def public_set(folder: Path, *, seed: int = 0) -> BenchSet:
    """A set of three videos."""
    timelines, left_out = read_public(public_file(folder), "youcook2")
    return make(timelines, Recipe("small", seed), left_out=left_out)


def world_timelines(count: int) -> list[Timeline]:
    """Timelines of sampled scenes, without videos."""
    return [timeline(scene) for scene in sample_scenes("heldout", count, 5, Lengths())]


def world_set(count: int = 8, *, seed: int = 0) -> BenchSet:
    """A set of the embedded world."""
    recipe = Recipe("world", seed, grounding=GROUND, content_rule="exact")
    return make(world_timelines(count), recipe)


def write_scenes(data: Path, seconds: dict[str, int]) -> None:
    """A scene file for each of some clips of seven seconds or more."""
    for number, (name, length) in enumerate(sorted(seconds.items())):
        start = 1 + number % 2
        scene = Scene(
            video_id=name,
            duration_s=length,
            lamp=(Span(0, 3, "red"), Span(3, 5, "amber"), Span(5, length, "green")),
            actor="blue circle",
            side=(Span(0, length, "left"),),
            jumps=(Span(start, start + 2), Span(start + 3, start + 5)),
            drops=(Span(start, start + 3, "red square"),),
            sign=(Span(0, 4, ""), Span(4, length, "k")),
        )
        write_json(scene_path(data, name), scene.to_json())
