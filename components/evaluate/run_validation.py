"""Suite `validation`: samples of the validation split watched free-running, against their labelled states."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import write_json
from components.core.seeds import rng
from components.evaluate.points import validation_heldout, validation_points
from components.evaluate.run_models import Runner, checkpoints, cost
from components.evaluate.state_scores import Watched as Scored
from components.evaluate.state_scores import build_validation
from components.infer.plans import Plan, Watched
from components.protocol.tables import read_samples
from components.protocol.turns import Dialogue
from components.video.manifest import read_manifest


@dataclass(frozen=True)
class ValidationInputs:
    """Where the suite reads from, and its knobs (params `evaluate.*`)."""

    model: Path
    media: Path
    corpus: Path
    dataset: Path
    samples: int
    max_new_tokens: int
    seed: int


def run_validation(out: Path, inputs: ValidationInputs) -> dict[str, Any]:
    """Write `predictions.json`, `scores.json` and `points.json` into `out`; returns what it cost."""
    everything = list(read_samples(sorted(inputs.dataset.glob("validation/*.parquet"))))
    samples = choose(everything, inputs.samples, inputs.seed)
    if not samples:
        raise DataError(
            f"{inputs.dataset}/validation: no sample to choose a model by; raise dataset.validation_share"
        )
    hashes = {video.video_id: video.sha256 for video in read_manifest(inputs.corpus / "manifest.parquet")}
    heldout = validation_heldout(samples, hashes, max_new_tokens=inputs.max_new_tokens)
    plans = [plan(sample) for sample in samples]
    turns: dict[str, int] = defaultdict(int)
    for each in plans:
        turns[each.video] = max(turns[each.video], each.turns)
    runner = Runner(inputs.media, dict(turns), max_new_tokens=inputs.max_new_tokens)
    started = time.monotonic()
    last = checkpoints(inputs.model)[0]
    runner.use(last.folder)
    watched = runner.watch(plans, f"validation, step {last.step}")
    pairs = list(zip(samples, watched, strict=True))
    both = [scored(*pair) for pair in pairs]
    scores = build_validation(both, seed=inputs.seed)
    predictions = {"schema": 1, "suite": "validation", "streams": [row(*pair) for pair in pairs]}
    write_json(out / "predictions.json", {**predictions, "steps": last.step})
    write_json(out / "scores.json", {**scores, "steps": last.step, "of_samples": len(everything)})
    write_json(out / "points.json", validation_points(both, heldout))
    return cost(runner.spent, time.monotonic() - started)


def choose(samples: Sequence[Dialogue], count: int, seed: int) -> list[Dialogue]:
    """At most `count` samples by sample_id: every task in proportion, and once at least if it can be."""
    tasks: dict[str, list[Dialogue]] = defaultdict(list)
    for sample in sorted(samples, key=lambda sample: sample.sample_id):
        tasks[sample.task].append(sample)
    ranked = []
    for task, members in sorted(tasks.items()):
        order = rng(seed, "validation", task).permutation(len(members))
        # A place within its task as a share: cutting the list sorted by it keeps the tasks in proportion.
        ranked += [
            ((place + 0.5) / len(members) if place else 0.0, task, members[i])
            for place, i in enumerate(order)
        ]
    ranked.sort(key=lambda item: item[:2])
    return sorted((sample for _, _, sample in ranked[:count]), key=lambda sample: sample.sample_id)


def plan(sample: Dialogue) -> Plan:
    """The sample's video with its questions on their turns, watched to the end."""
    asks = tuple((turn.turn, text) for turn in sample.turns for text in turn.questions)
    return Plan(sample.video_id, asks, len(sample.turns), float(len(sample.turns)))


def scored(sample: Dialogue, watched: Watched) -> Scored:
    """Labelled and predicted states side by side."""
    truth = [turn.state.label for turn in sample.turns]
    states = [turn.state.label for turn in watched.turns]
    return Scored(sample.sample_id, sample.video_id, sample.task, truth, states)


def row(sample: Dialogue, watched: Watched) -> dict[str, Any]:
    """One stream of `predictions.json`; `question` is the first one asked."""
    both, asks = scored(sample, watched), plan(sample).asks
    return {
        "sample_id": both.sample_id,
        "video_id": both.video_id,
        "task": both.task,
        "question_turn": asks[0][0] if asks else 0,
        "question": asks[0][1] if asks else "",
        "asks": [{"text": text, "at": turn} for turn, text in asks],
        "truth": list(both.truth),
        "states": list(both.states),
        "texts": {str(turn.turn): turn.text for turn in watched.turns if turn.text is not None},
    }
