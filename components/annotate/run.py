"""Annotates the clips of one shard for one task: asks the teacher, checks its answers, builds raw labels."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.annotate import asks, basics, captions, ground, series
from components.annotate.guard import violation
from components.annotate.outcome import Outcome
from components.annotate.samples import Clip, Sample, raw_labels
from components.annotate.schemas import SCHEMAS
from components.teacher.base import Refusal, Request, Teacher

Weights = Mapping[str, float]
Builder = Callable[[Clip, dict[str, Any], dict[str, float], int], list[Sample]]

BUILDERS: dict[str, Builder] = {
    "narration": captions.narration,
    "event_caption": captions.event_caption,
    "action_caption": captions.action_caption,
    "tsqa": series.tsqa,
    "offline_qa": asks.offline_qa,
    "base_qa": basics.base_qa,
}


def annotate(
    task: str, clips: Sequence[Clip], teacher: Teacher, weights: Weights, seed: int, media: Path
) -> Outcome:
    """Ask `teacher` about every clip and build raw labels; what fails is quarantined, never dropped."""
    outcome = Outcome(task)
    source = f"{teacher.name}-{teacher.version}"
    for clip in clips:
        try:
            data = teacher.answer(request_for(task, clip, media)).data
        except Refusal as refusal:
            outcome.refuse(clip.video_id, refusal.reason, refusal.detail)
            continue
        fault = violation(data, SCHEMAS[task])
        if fault:
            outcome.refuse(clip.video_id, "teacher_answer_invalid", fault)
            continue
        samples = BUILDERS[task](clip, data, dict(weights), seed)
        outcome.labels += raw_labels(task, clip, samples, source)
    outcome.summary = {"clips": len(clips), "teacher": source}
    return outcome


def request_for(task: str, clip: Clip, media: Path) -> Request:
    """What the teacher is asked about one clip; question tasks name the instants they may use."""
    payload = {"times": list(range(clip.last_turn + 1))} if task in {"offline_qa", "base_qa"} else {}
    return Request(task, clip.video_id, media / clip.video_id, clip.duration_s, SCHEMAS[task], payload)


def ground_events(
    captions_path: Path, clips: Sequence[Clip], weights: Weights, seed: int, labels: Any
) -> Outcome:
    """Event grounding of one shard from its event captions (`labels`, read from `captions_path`)."""
    outcome = Outcome(ground.TASK)
    by_video = ground.group_by_video(labels)
    for clip in clips:
        rows = by_video.pop(clip.video_id, [])
        source = rows[0]["source"] if rows else ""
        origin = {"provenance": rows[0]["provenance"]} if rows and "provenance" in rows[0] else {}
        samples = ground.event_grounding(clip, rows, dict(weights), seed)
        labels = raw_labels(ground.TASK, clip, samples, source)
        outcome.labels += [{**label, **origin} for label in labels]
    for video_id in sorted(by_video):
        outcome.refuse(
            video_id, "unknown_video", f"{captions_path} speaks of a video that is not in the manifest"
        )
    outcome.summary = {"clips": len(clips), "captions": str(captions_path)}
    return outcome
