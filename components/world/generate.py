"""Renders the embedded corpus: videos, scene files and the held-out benchmark, the same bytes every time."""

from dataclasses import dataclass
from pathlib import Path

from components.core.files import write_json
from components.core.progress import Progress
from components.core.seeds import rng
from components.world.benchmark import build
from components.world.draw import draw
from components.world.encode import FPS, write_mp4
from components.world.sample import Lengths, sample_scene
from components.world.scene import Scene, scene_path

LICENCE = "CC0-1.0"


@dataclass(frozen=True)
class Heldout:
    """The size of the held-out benchmark.

    Attributes:
        sets: matched sets of each forward subtask, and matched points of each multiple-choice subtask at most
            (whole sets only, one at least).
        pool: scenes the sets are chosen from; only the chosen are rendered.

    """

    sets: int = 40
    pool: int = 400


def sample_scenes(split: str, count: int, seed: int, lengths: Lengths) -> list[Scene]:
    """`count` scenes named `<split>/c0000.mp4` and so on; one more clip changes none of the others."""
    return [
        sample_scene(f"{split}/c{index:04d}.mp4", rng(seed, "scene", split, index), lengths)
        for index in range(count)
    ]


def render_scene(out_dir: Path, scene: Scene) -> None:
    """Write one clip and its scene file below `out_dir` (`media/` and `scenes/`)."""
    frames = (draw(scene, index / FPS) for index in range(FPS * scene.duration_s))
    write_mp4(out_dir / "media" / scene.video_id, frames)
    write_json(scene_path(out_dir, scene.video_id), scene.to_json())


def render(
    out_dir: Path,
    *,
    clips: int,
    seed: int,
    heldout: Heldout | None = None,
    lengths: Lengths | None = None,
    progress: bool = False,
) -> list[Scene]:
    """Write the embedded corpus into `out_dir` and return the training scenes.

    Args:
        out_dir: the data folder: `media/train/*.mp4`, `scenes/train/*.json`, `sources.json`.
        clips: number of training clips.
        seed: every byte follows from it and from the other arguments.
        heldout: also write held-out clips and `benchmark/ovo.json`; None writes neither.
        lengths: lengths and numbers of events.
        progress: print a progress line with the time left.

    """
    out_dir, lengths = Path(out_dir), lengths or Lengths()
    train = sample_scenes("train", clips, seed, lengths)
    scenes = list(train)
    if heldout:
        pool = sample_scenes("heldout", heldout.pool, seed, lengths)
        entries = build(pool, heldout.sets, seed)
        named = {entry["video"] for entry in entries}
        scenes += [scene for scene in pool if scene.video_id in named]
        write_json(out_dir / "benchmark" / "ovo.json", entries)
    line = Progress("render", len(scenes)) if progress else None
    for scene in scenes:
        render_scene(out_dir, scene)
        if line:
            line.step()
    write_json(out_dir / "sources.json", {"*": {"source": "embedded world", "licence": LICENCE}})
    return train
