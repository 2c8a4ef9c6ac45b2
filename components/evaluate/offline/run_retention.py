"""Suite `offline`: base, trained model and those kept on the way answer the same offline questions."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from components.core.files import write_json
from components.core.progress import Progress
from components.evaluate.offline.retention import Answered, Asked, Retention, heldout_of, make_questions
from components.evaluate.ovo_format import load_annotations
from components.evaluate.run_exchange import derange
from components.evaluate.run_frames import VideoFrames
from components.evaluate.run_models import checkpoints
from components.infer.offline import OfflineModel, Question
from components.model.adapter import load
from components.video.frames import num_turns
from components.video.manifest import BENCHMARK, read_manifest
from components.video.root import MediaRoot

SKIPPED = "the corpus has no usable multiple-choice entry"
CHUNK = 64  # questions whose vision rows are held at once


@dataclass(frozen=True)
class RetentionInputs:
    """Where the suite reads from, and its knobs (params `evaluate.*`)."""

    model: Path
    base: Path
    media: Path
    corpus: Path
    exchanged: bool
    max_new_tokens: int
    seed: int


class Answering:
    """Models one after another on the same questions and the same pictures."""

    def __init__(self, inputs: RetentionInputs, questions: Sequence[Asked], turns: Mapping[str, int]):
        self.inputs, self.questions, self.turns = inputs, questions, turns
        self.frames: VideoFrames | None = None
        self.forwards = self.tokens = 0
        self.form = ""

    def answer(self, model: Path, label: str, swap: Mapping[str, str] | None = None) -> Answered:
        """All answers of one model folder; `swap` also asks everything on another clip of the benchmark."""
        adapter = load(model)
        if self.frames is None:
            self.frames = VideoFrames(adapter, MediaRoot(self.inputs.media), self.turns)
        self.frames.serve(adapter)
        offline = OfflineModel(adapter)
        self.form = offline.form
        wanted = [(question, question.video) for question in self.questions]
        if swap:
            wanted += [(question, swap[question.video]) for question in self.questions]
        progress, texts = Progress(f"offline, {label}", len(wanted)), []
        for start in range(0, len(wanted), CHUNK):
            chunk = [self.prepared(self.frames, *pair) for pair in wanted[start : start + CHUNK]]
            texts += offline.answer_many(chunk, max_new_tokens=self.inputs.max_new_tokens)
            progress.step(len(chunk))
        self.forwards, self.tokens = self.forwards + offline.forwards, self.tokens + offline.tokens
        count = len(self.questions)
        return Answered(texts[:count], texts[count:] if swap else None)

    def prepared(self, frames: VideoFrames, question: Asked, video: str) -> Question:
        """The question with the tower's rows of its pictures; a shorter clip shows those it has."""
        last = self.turns[video] - 1
        shown = sorted({min(turn, last) for turn in question.times})
        parts = [frames.rows(video, turn, float(turn)) for turn in shown]
        grids = tuple(grid for _, part in parts for grid in part)
        return Question(question.question, torch.cat([rows for rows, _ in parts]), grids, tuple(shown))


def run_retention(out: Path, inputs: RetentionInputs) -> dict[str, Any]:
    """Write predictions, scores and points into `out`; returns what answering cost.

    Without multiple-choice entries (a user's own videos) the files say so under `skipped`.
    """
    videos = read_manifest(inputs.corpus / "manifest.parquet", role=BENCHMARK)
    turns = {video.video_id: num_turns(video.duration_s) for video in videos}
    questions = make_questions(load_annotations(inputs.corpus / "benchmark.json"), turns)
    hashes = {video.video_id: video.sha256 for video in videos}
    heldout = heldout_of(questions, hashes, max_new_tokens=inputs.max_new_tokens)
    if not questions:
        return skip(out, heldout)
    started = time.monotonic()
    swap = derange((q.video for q in questions), inputs.seed) if inputs.exchanged else None
    answering = Answering(inputs, questions, turns)
    last, *earlier = checkpoints(inputs.model)
    before = answering.answer(inputs.base, "base", swap)
    after = answering.answer(last.folder, f"step {last.step}", swap)
    kept = {str(one.step): answering.answer(one.folder, f"step {one.step}").texts for one in earlier}
    retention = Retention(questions, inputs.seed)
    head = {"steps": last.step, "form": answering.form}
    at_steps = {step: retention.at_step(before.texts, texts) for step, texts in kept.items()}
    rows = [
        row(*each) for each in zip(questions, *columns(before, after, kept, swap, questions), strict=True)
    ]
    write_json(out / "predictions.json", {"schema": 1, "suite": "offline", **head, "questions": rows})
    write_json(out / "scores.json", {**retention.scores(before, after), **head, "at_steps": at_steps})
    write_json(out / "points.json", retention.points(before.texts, after.texts, heldout))
    return cost(answering, len(questions), time.monotonic() - started)


def skip(out: Path, heldout: str) -> dict[str, Any]:
    """The files of a corpus without questions."""
    told = {"schema": 1, "suite": "offline", "skipped": SKIPPED}
    for name in ("predictions.json", "scores.json"):
        write_json(out / name, told)
    write_json(out / "points.json", {**told, "heldout": heldout, "points": []})
    return {"skipped": SKIPPED}


Column = Sequence[Any]


def columns(
    before: Answered,
    after: Answered,
    kept: Mapping[str, Sequence[str]],
    swap: Mapping[str, str] | None,
    questions: Sequence[Asked],
) -> tuple[Column, Column, Column, Column]:
    """Question by question: both answers, those of earlier steps, and what was said of exchanged pictures."""
    steps = [{step: texts[place] for step, texts in kept.items()} for place in range(len(questions))]
    exchanged: list[dict[str, str] | None] = [None] * len(questions)
    if swap and before.exchanged is not None and after.exchanged is not None:
        exchanged = [
            {"video": swap[question.video], "before": old, "after": new}
            for question, old, new in zip(questions, before.exchanged, after.exchanged, strict=True)
        ]
    return before.texts, after.texts, steps, exchanged


def row(
    question: Asked, before: str, after: str, at_steps: dict[str, str], exchanged: dict[str, str] | None
) -> dict[str, Any]:
    """One question of `predictions.json`."""
    return {
        "id": question.id,
        "task": question.task,
        "group": question.group,
        "video": question.video,
        "question": question.question,
        "options": list(question.options),
        "truth": question.truth,
        "times": list(question.times),
        "before": before,
        "after": after,
        "at_steps": at_steps,
        "exchanged": exchanged,
    }


def cost(answering: Answering, questions: int, seconds: float) -> dict[str, Any]:
    """What answering took, for the run record (never for a product)."""
    return {
        "questions": questions,
        "forwards": answering.forwards,
        "tokens": answering.tokens,
        "answer_seconds": round(seconds, 1),
    }
