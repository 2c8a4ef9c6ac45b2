"""Annotates the clips of one shard for one task: asks the teacher, checks its answers, builds raw labels."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from components.annotate import asks, basics, captions, ground, series
from components.annotate.guard import violation
from components.annotate.samples import Clip, RawLabel, Sample, raw_labels
from components.annotate.schemas import SCHEMAS
from components.annotate.wording import prompt, prompt_version
from components.core.errors import DataError
from components.core.files import write_json
from components.core.seeds import derive
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


@dataclass
class Outcome:
    """What one annotate stage makes: labels, quarantine rows and counts."""

    task: str
    labels: list[RawLabel] = field(default_factory=list)
    quarantine: list[dict[str, str]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    def refuse(self, name: str, reason: str, detail: str) -> None:
        """Set something aside with its reason."""
        self.quarantine.append({"id": name, "reason": reason, "detail": detail})

    def write(self, folder: Path) -> None:
        """`labels.json`, `quarantine.json` and `summary.json`, sorted."""
        self.quarantine.sort(key=lambda row: (row["id"], row["reason"], row["detail"]))
        self.summary |= {"task": self.task, "labels": len(self.labels), "quarantined": len(self.quarantine)}
        self.summary["kinds"] = count_by(self.labels, "kind")
        self.summary["reasons"] = count_by(self.quarantine, "reason")
        write_json(folder / "labels.json", self.labels)
        write_json(folder / "quarantine.json", self.quarantine)
        write_json(folder / "summary.json", self.summary)


def count_by(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, int]:
    """How often each value of `key` occurs, sorted."""
    values = [str(row.get(key, "")) for row in rows]
    return {value: values.count(value) for value in sorted(set(values))}


def read_clips(manifest: Path) -> list[Clip]:
    """The rows of manifest.parquet that may be annotated (role `corpus`), sorted by video_id."""
    if not manifest.exists():
        raise DataError(f"{manifest}: no manifest; run the corpus stage first")
    rows = pq.read_table(manifest, columns=["video_id", "duration_s", "role"]).to_pylist()
    return [Clip(row["video_id"], row["duration_s"]) for row in rows if row["role"] == "corpus"]


def in_shard(video_id: str, shard: Any, shards: Sequence[Any]) -> bool:
    """Whether a video belongs to `shard`: by its name's hash, so that a new video moves no other."""
    return shards[derive(0, "shard", video_id) % len(shards)] == shard


def annotate(
    task: str, clips: Sequence[Clip], teacher: Teacher, weights: Weights, seed: int, media: Path
) -> Outcome:
    """Ask `teacher` about every clip and build the task's raw labels; what fails is quarantined, never dropped."""
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
    outcome.summary = {"clips": len(clips), "teacher": source, "prompt": prompt_version(task)}
    return outcome


def request_for(task: str, clip: Clip, media: Path) -> Request:
    """What the teacher is asked about one clip; question tasks name the instants (every turn) they may use."""
    payload = {"times": list(range(clip.last_turn + 1))} if task in {"offline_qa", "base_qa"} else {}
    return Request(
        task, clip.video_id, media / clip.video_id, clip.duration_s, prompt(task), SCHEMAS[task], payload
    )


def ground_events(
    captions_path: Path, clips: Sequence[Clip], weights: Weights, seed: int, labels: Any
) -> Outcome:
    """Event grounding for one shard from the event captions of the same shard (`labels`, read from `captions_path`)."""
    outcome = Outcome(ground.TASK)
    by_video = ground.group_by_video(labels)
    for clip in clips:
        rows = by_video.pop(clip.video_id, [])
        source = rows[0]["source"] if rows else ""
        samples = ground.event_grounding(clip, rows, dict(weights), seed)
        outcome.labels += raw_labels(ground.TASK, clip, samples, source)
    for video_id in sorted(by_video):
        outcome.refuse(
            video_id, "unknown_video", f"{captions_path} speaks of a video that is not in the manifest"
        )
    outcome.summary = {"clips": len(clips), "captions": str(captions_path)}
    return outcome
