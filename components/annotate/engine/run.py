"""Stage annotate with endpoints as teachers: clips through a pipeline, then samples as for any teacher."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from components.annotate.engine import edges
from components.annotate.engine.asker import Asker
from components.annotate.engine.described import Described
from components.annotate.engine.looks import Looks
from components.annotate.engine.pipelines import PIPELINES
from components.annotate.engine.section import Settings
from components.annotate.guard import violation
from components.annotate.outcome import Outcome
from components.annotate.run import BUILDERS, Weights
from components.annotate.samples import Clip, raw_labels
from components.annotate.schemas import SCHEMAS
from components.core.errors import InternalError
from components.core.hashing import fingerprint

# Clips that are decoded side by side, and whose questions of a step share the pool: a core each at least.
BATCH = max(16, len(os.sched_getaffinity(0)))
BATCH_S = 16 * 3600  # seconds of video in such a batch: so many questions of narration are held in memory
TEACHER = "openai"
INVALID = "teacher_answer_invalid"


class UnansweredError(InternalError):
    """Questions the servers left without an answer: nothing is made of the others until they have one."""


def annotate_clips(
    task: str,
    clips: Sequence[Clip],
    asker: Asker,
    looks: Looks,
    settings: Settings,
    *,
    weights: Weights,
    seed: int,
) -> Outcome:
    """Describe every clip by its task's pipeline and build raw labels with their provenance.

    Every answer is kept the moment it arrives: what is run again asks only what has no answer yet.

    Raises:
        UnansweredError: a server or the network failed on some questions, after all others were asked.
        BudgetError, EndpointError: see components/teacher/client.py.

    """
    works = describe(task, clips, asker, looks, settings)
    unanswered = [row for one in works for row in one.unanswered]
    if unanswered:
        counts = sorted(Counter(reason for reason, _ in unanswered).items())
        said = ", ".join(f"{reason} {count}" for reason, count in counts)
        raise UnansweredError(
            f"{task}: {len(unanswered)} questions got no answer ({said}), the first {unanswered[0][1]}; "
            "all other answers are kept: run again"
        )
    outcome = Outcome(task)
    build = _Builder(task, asker, dict(weights), seed)
    for one in works:
        build.add(outcome, one)
    outcome.summary = {**_summary(task, works, asker, settings), "fidelity": looks.fidelity}
    return outcome


def describe(
    task: str, clips: Sequence[Clip], asker: Asker, looks: Looks, settings: Settings
) -> list[Described]:
    """The pipeline of `task` over all clips, a batch after the other."""
    works: list[Described] = []
    for batch in batches(clips):
        looks.prepare(batch)
        works += PIPELINES[task].describe(batch, asker, looks, settings)
        looks.forget()
    negatives = PIPELINES[task].negatives
    if negatives is not None and settings.quiet:
        negatives(works, asker, looks, settings)
    return works


def batches(clips: Sequence[Clip]) -> list[list[Clip]]:
    """Clips in their order, `BATCH` or `BATCH_S` seconds at a time; at least one clip."""
    found: list[list[Clip]] = []
    seconds = 0
    for clip in clips:
        seconds += clip.last_turn + 1
        if not found or len(found[-1]) == BATCH or seconds > BATCH_S:
            found.append([])
            seconds = clip.last_turn + 1
        found[-1].append(clip)
    return found


class _Builder:
    """Makes labels of descriptions: the builders every teacher's answers go through, and the provenance."""

    def __init__(self, task: str, asker: Asker, weights: dict[str, float], seed: int):
        self.task, self.weights, self.seed = task, weights, seed
        self.source = source_of(asker)
        self.origin = {"teacher": TEACHER, "models": asker.models(), "prompts": PIPELINES[task].prompts()}

    def add(self, outcome: Outcome, one: Described) -> None:
        """The labels, refusals and answers of one clip."""
        wrong = None if one.data is None else violation(one.data, SCHEMAS[self.task])
        if wrong:
            one.data = None
            one.drop(INVALID, wrong)
        for reason, detail in one.refused:
            outcome.refuse(one.clip.video_id, reason, detail)
        outcome.answers.append(
            {"video_id": one.clip.video_id, "dropped": one.dropped, **one.provenance, **one.notes}
        )
        if one.data is None:
            return
        samples = BUILDERS[self.task](one.clip, one.data, self.weights, self.seed)
        provenance = {**self.origin, "answers": one.provenance["fingerprint"]}
        for label in raw_labels(self.task, one.clip, samples, self.source):
            outcome.labels.append({**label, "provenance": provenance})


def source_of(asker: Asker) -> str:
    """What stands in the labels' `source`: the model that saw the frames."""
    seeing = asker.clients["vision"].endpoint
    return f"{TEACHER}-{seeing.model}-{seeing.revision}"


def _summary(task: str, works: Sequence[Described], asker: Asker, settings: Settings) -> dict[str, Any]:
    asked: Counter[str] = Counter()
    for one in works:
        asked.update({step: len(keys) for step, keys in one.answers.items()})
    return {
        "clips": len(works),
        "described": sum(one.data is not None for one in works),
        "dropped": _sorted(Counter(one.dropped for one in works if one.dropped)),
        "counts": _sorted(sum((one.counts for one in works), Counter[str]())),
        "teacher": source_of(asker),
        "models": asker.models(),
        "prompt": fingerprint(PIPELINES[task].prompts())[:12],
        "prompts": PIPELINES[task].prompts(),
        "answers": _sorted(asked),
        "agreement": settings.agreement,
        **edges.summary(works),
    }


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))
