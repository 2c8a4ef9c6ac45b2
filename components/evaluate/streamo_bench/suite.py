"""Suite `streamo_bench` of the evaluate stage: a set made from the world's held-out clips, run and scored.

The set is made before a model is loaded, from the scene files of the held-out clips; what runs then gets the
questions alone (`run.Question`). Without scene files (a user's own videos) there is nothing to make it from.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.files import read_json, write_json
from components.core.hashing import fingerprint
from components.evaluate.run_models import Runner, checkpoints, cost
from components.evaluate.streamo_bench import format, world
from components.evaluate.streamo_bench.leak import check_apart
from components.evaluate.streamo_bench.make import Recipe, make
from components.evaluate.streamo_bench.run import questions, watch
from components.evaluate.streamo_bench.said import read_predictions
from components.evaluate.streamo_bench.score import points, score
from components.video.frames import num_turns
from components.video.manifest import BENCHMARK, Video, read_manifest

SUITE = "streamo_bench"
SKIPPED = "no held-out video has a scene file to make a set from"
TRAIN = "train"


@dataclass(frozen=True)
class BenchInputs:
    """Where the suite reads from, and its knobs (params `evaluate.*`)."""

    model: Path
    media: Path
    data: Path
    corpus: Path
    dataset: Path
    videos: int
    max_new_tokens: int
    seed: int


def run_streamo_bench(out: Path, inputs: BenchInputs) -> dict[str, Any]:
    """Write `set.json`, `predictions.json`, `scores.json` and `points.json` into `out`; returns the cost.

    Without held-out scenes the last three say so under `skipped`.
    """
    videos = read_manifest(inputs.corpus / "manifest.parquet", role=BENCHMARK)
    bench = make_set(inputs, videos)
    if bench is None:
        return skip(out, inputs)
    split: dict[str, str] = read_json(inputs.dataset / "split.json")
    check_apart(
        bench, [video for video, part in split.items() if part == TRAIN], "artifacts/dataset/split.json"
    )
    format.save(out / "set.json", bench)
    turns = {video.video_id: num_turns(video.duration_s) for video in videos}
    runner = Runner(inputs.media, turns, max_new_tokens=inputs.max_new_tokens)
    last = checkpoints(inputs.model)[0]
    started = time.monotonic()
    runner.use(last.folder)
    rows = watch(runner, questions(bench), turns, f"streamo_bench, step {last.step}")
    spent = cost(runner.spent, time.monotonic() - started)
    head = {"schema": 1, "suite": SUITE, "steps": last.step}
    write_json(out / "predictions.json", {**head, "set": bench.fingerprint(), "streams": rows})
    said, odd = read_predictions(out / "predictions.json", bench.tasks)
    write_json(out / "scores.json", {**score(bench, said, seed=inputs.seed, odd=odd), **head})
    test = {"schema": 1, "suite": SUITE, "heldout": heldout(inputs, videos, bench)}
    write_json(out / "points.json", {**test, "tasks": points(bench, said)})
    return spent


def make_set(inputs: BenchInputs, videos: Sequence[Video]) -> format.BenchSet | None:
    """The set of at most `inputs.videos` held-out clips; None where no clip has a scene file."""
    timelines = world.read_world(inputs.data, [video.video_id for video in videos])
    if not timelines:
        return None
    recipe = Recipe(
        name="embedded world, held-out clips",
        seed=inputs.seed,
        videos=min(inputs.videos, len(timelines)),
        grounding=world.GROUND,
        content_rule="exact",
    )
    return make(timelines, recipe)


def heldout(inputs: BenchInputs, videos: Sequence[Video], bench: format.BenchSet | None) -> str:
    """The fingerprint of what was asked, the truths, the longest answer and the bytes of the videos."""
    asked = {task.video_id for task in bench.tasks} if bench else set()
    return fingerprint(
        {
            "suite": SUITE,
            "max_new_tokens": inputs.max_new_tokens,
            "set": bench.plain() if bench else None,
            "videos": {video.video_id: video.sha256 for video in videos if video.video_id in asked},
        }
    )


def skip(out: Path, inputs: BenchInputs) -> dict[str, Any]:
    """Say in every file why there is nothing in it."""
    head = {"schema": 1, "suite": SUITE, "skipped": SKIPPED}
    for name in ("predictions.json", "scores.json"):
        write_json(out / name, head)
    write_json(out / "points.json", {**head, "heldout": heldout(inputs, [], None), "tasks": []})
    return {"skipped": SKIPPED}
