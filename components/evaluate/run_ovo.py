"""Suite `ovo`: every benchmark entry answered online, with controls and earlier training steps beside."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.files import write_json
from components.evaluate.clock import fit_clock
from components.evaluate.ovo_format import GROUP_OF, Entry, load_annotations
from components.evaluate.points import ovo_heldout, ovo_points
from components.evaluate.run_entries import EntriesWatched, watch_entries
from components.evaluate.run_models import Runner, checkpoints, cost
from components.evaluate.run_queries import question_of
from components.protocol.tables import read_samples
from components.video.frames import num_turns
from components.video.manifest import BENCHMARK, read_manifest

SKIPPED = "the corpus has no usable benchmark entry"


@dataclass(frozen=True)
class OvoInputs:
    """Where the suite reads from, and its knobs (params `evaluate.*`)."""

    model: Path
    media: Path
    corpus: Path
    dataset: Path
    exchanged: bool
    max_new_tokens: int
    seed: int


def run_ovo(out: Path, inputs: OvoInputs) -> dict[str, Any]:
    """Write predictions, official rows (`results/ovo.json`), scores and points into `out`; returns the cost.

    Without a benchmark (a user's own videos) the files say so under `skipped`, and there are no result rows.
    """
    entries = load_annotations(inputs.corpus / "benchmark.json")
    if not entries:
        for name in ("predictions.json", "scores.json"):
            write_json(out / name, {"schema": 1, "suite": "ovo", "skipped": SKIPPED})
        none = ovo_heldout([], {}, max_new_tokens=inputs.max_new_tokens)
        write_json(out / "points.json", {**ovo_points([], {}, none), "skipped": SKIPPED})
        return {"skipped": SKIPPED}
    videos = read_manifest(inputs.corpus / "manifest.parquet", role=BENCHMARK)
    hashes = {video.video_id: video.sha256 for video in videos}
    heldout = ovo_heldout(entries, hashes, max_new_tokens=inputs.max_new_tokens)
    turns = {video.video_id: num_turns(video.duration_s) for video in videos}
    clock = fit_clock(read_samples(sorted(inputs.dataset.glob("train/*.parquet"))), wordings(entries))
    runner = Runner(inputs.media, turns, max_new_tokens=inputs.max_new_tokens)
    started = time.monotonic()

    def watch(step: int, part: Sequence[Entry], **more: bool) -> EntriesWatched:
        return watch_entries(runner, part, label=f"ovo, step {step}", seed=inputs.seed, **more)

    last, *earlier = checkpoints(inputs.model)
    runner.use(last.folder)
    final = watch(last.step, entries, exchanged=inputs.exchanged, clips=True)
    steps = {}
    matched = [entry for entry in entries if entry.get("points") == "matched"] or entries
    for kept in earlier:
        runner.use(kept.folder)
        found = watch(kept.step, matched)
        steps[str(kept.step)] = {**found.scores(matched, clock, inputs.seed), "steps": kept.step}
    scores = final.scores(entries, clock, inputs.seed)
    rows = final.results(entries)
    write_json(out / "predictions.json", {**final.predictions(), "steps": last.step})
    write_json(out / "results" / "ovo.json", rows)
    write_json(out / "points.json", ovo_points(entries, rows, heldout))
    write_json(out / "scores.json", {**scores, "steps": last.step, "at_steps": steps})
    return cost(runner.spent, time.monotonic() - started)


def wordings(entries: Sequence[Entry]) -> dict[str, list[str]]:
    """The words in which each task of the benchmark is asked; the clock finds its training labels by them."""
    found: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        forward = GROUP_OF[entry["task"]] == "forward"
        points = entry["test_info"] if forward else [entry]
        found[entry["task"]] |= {question_of(entry, point) for point in points}
    return {task: sorted(texts) for task, texts in sorted(found.items())}
