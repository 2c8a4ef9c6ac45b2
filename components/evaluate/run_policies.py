"""Suites `policies` and `fps2`: the held-out set watched another way than the model was trained for.

`policies`: ways to decide when to speak that need no training: the model held to its last four turns; the
base, polled; each state always. What they answer is a model's own, so they stand beside the blind policies of
suite `ovo`, which answer nothing. `fps2`: the model under its own policy, two different frames a turn.
"""

import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from components.core.files import read_json, write_json
from components.evaluate.clock import fit_clock
from components.evaluate.ovo_format import Entry, load_annotations
from components.evaluate.run_entries import watch_entries
from components.evaluate.run_models import Runner, cost, step_of
from components.evaluate.run_ovo import wordings
from components.evaluate.run_validation import ValidationInputs, choose, plan, scored
from components.evaluate.state_scores import build_validation
from components.infer.policies import Polling, untrained
from components.infer.spent import Spent
from components.model.adapter import load
from components.protocol.tables import read_samples
from components.video.frames import num_turns
from components.video.manifest import BENCHMARK, read_manifest

SKIPPED = "a method with a policy of its own: these are watched with a loss over three states"


@dataclass(frozen=True)
class Seen:
    """Scores with tokens and forwards spent, states of every validation sample, the cost with its time."""

    scores: dict[str, Any]
    states: dict[str, list[str]]
    cost: dict[str, Any]


class HeldOut:
    """What is watched: the samples of suite `validation`, the time-matched entries of suite `ovo`."""

    def __init__(self, inputs: ValidationInputs):
        everything = list(read_samples(sorted(inputs.dataset.glob("validation/*.parquet"))))
        self.seed, self.samples = inputs.seed, choose(everything, inputs.samples, inputs.seed)
        self.entries = matched(load_annotations(inputs.corpus / "benchmark.json"))
        train = read_samples(sorted(inputs.dataset.glob("train/*.parquet")))
        self.clock = fit_clock(train, wordings(self.entries))
        self.turns: dict[str, int] = defaultdict(int)
        for video in read_manifest(inputs.corpus / "manifest.parquet", role=BENCHMARK):
            self.turns[video.video_id] = num_turns(video.duration_s)
        for sample in self.samples:
            self.turns[sample.video_id] = max(self.turns[sample.video_id], len(sample.turns))

    def watch(self, runner: Runner, label: str) -> "Seen":
        """Both parts under the model and the policy that the runner has."""
        runner.spent, started = Spent(), time.monotonic()
        plans = [plan(sample) for sample in self.samples]
        both = [scored(*pair) for pair in zip(self.samples, runner.watch(plans, label), strict=True)]
        watched = watch_entries(runner, self.entries, label=f"{label}, ovo", seed=self.seed)
        scores = {
            "validation": build_validation(both, seed=self.seed),
            "ovo": watched.scores(self.entries, self.clock, self.seed) if self.entries else None,
            "spent": asdict(runner.spent),
        }
        states = {sample.sample_id: list(sample.states) for sample in both}
        return Seen(scores, states, cost(runner.spent, time.monotonic() - started))


def run_policies(out: Path, inputs: ValidationInputs, base: Path) -> dict[str, Any]:
    """Write `scores.json` and `predictions.json` into `out`; returns what each policy cost.

    Args:
        out: an existing folder.
        inputs: of the validation suite.
        base: the model folder that is polled.

    """
    about = read_json(inputs.model / "streamo.json")
    head = {"schema": 1, "suite": "policies", "steps": step_of(inputs.model / "streamo.json")}
    if about.get("policy", {"name": "states"})["name"] != "states":
        for name in ("scores.json", "predictions.json"):
            write_json(out / name, {**head, "skipped": SKIPPED})
        return {"skipped": SKIPPED}
    held = HeldOut(inputs)
    runner = Runner(inputs.media, dict(held.turns), max_new_tokens=inputs.max_new_tokens)
    runner.use(inputs.model)
    assert runner.adapter is not None
    seen: dict[str, Seen] = {}
    for policy in untrained(runner.adapter, load(base)):
        runner.policy = policy
        seen[policy.name] = held.watch(runner, policy.name)
        if isinstance(policy, Polling):
            replies = dict(sorted(policy.replies.items()))
            seen[policy.name].scores.update({"every_s": policy.every_s, "replies": replies})
    write_json(out / "scores.json", {**head, "policies": {n: each.scores for n, each in seen.items()}})
    write_json(out / "predictions.json", {**head, "policies": {n: each.states for n, each in seen.items()}})
    return {name: each.cost for name, each in seen.items()}


def run_fps2(out: Path, inputs: ValidationInputs) -> dict[str, Any]:
    """Write `scores.json` and `predictions.json` of two frames a turn; returns what it cost."""
    held = HeldOut(inputs)
    head = {"schema": 1, "suite": "fps2", "steps": step_of(inputs.model / "streamo.json"), "fps": 2}
    runner = Runner(inputs.media, dict(held.turns), max_new_tokens=inputs.max_new_tokens, fps=2)
    runner.use(inputs.model)
    seen = held.watch(runner, "2 frames a second")
    write_json(out / "scores.json", {**head, **seen.scores})
    write_json(out / "predictions.json", {**head, "states": seen.states})
    return seen.cost


def matched(entries: list[Entry]) -> list[Entry]:
    """The time-matched entries, or all where none is."""
    return [entry for entry in entries if entry.get("points") == "matched"] or entries
