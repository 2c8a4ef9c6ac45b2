"""A raw label file beside the user's own videos takes the teacher's place (`annotate.teacher: labels`).

Each label goes to the task its `task_type` names and to the shard of its video. Here a label is checked as
a whole; single questions and responses of stream tasks are checked by the conversion, which counts what it
sets aside. Labels that belong to no task or video are set aside once: by the first shard of their task, and
where the task is unknown, by the first shard of `narration`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.annotate.outcome import Outcome
from components.annotate.shards import in_shard
from components.core.errors import DataError
from components.core.files import read_json
from components.protocol import reasons
from components.protocol.labels import LabelError, clean_text, label_id, read_label
from components.protocol.times import parse_time

TASKS = (
    "narration", "event_caption", "action_caption", "event_grounding", "tsqa", "offline_qa", "base_qa",
)  # fmt: skip
LOST_AND_FOUND = "narration"
UNKNOWN_TASK = "unknown_task"


@dataclass(frozen=True)
class Place:
    """Which part of a label file a stage takes, and which videos there are."""

    task: str
    shard: Any
    shards: Sequence[Any]
    corpus: Collection[str]
    benchmark: Collection[str]

    def takes(self, raw: Any) -> bool:
        """Whether this stage imports or sets aside the label `raw`."""
        task = raw.get("task_type") if isinstance(raw, dict) else None
        video = (raw.get("video_path") or raw.get("video_name")) if isinstance(raw, dict) else None
        if (task if task in TASKS else LOST_AND_FOUND) != self.task:
            return False
        home = video if task in TASKS and video in self.corpus else None
        return in_shard(home, self.shard, self.shards) if home else self.shard == self.shards[0]


def import_labels(path: Path, place: Place) -> Outcome:
    """The labels of `path` that belong to `place`; unusable ones in quarantine with their reason.

    Raises:
        DataError: the file is missing or not a JSON list.

    """
    if not path.exists():
        raise DataError(f"{path}: no label file; put one beside the videos or change params annotate.labels")
    raws = read_json(path)
    if not isinstance(raws, list):
        raise DataError(f"{path}: expected a JSON list of raw labels, found {type(raws).__name__}")
    outcome, seen = Outcome(place.task), set[str]()
    for number, raw in enumerate(raws):
        name = label_id(raw) if isinstance(raw, dict) else f"label {number}"
        fresh = name not in seen
        seen.add(name)
        if place.takes(raw):
            _take(raw, name, fresh, place, outcome)
    outcome.labels.sort(key=lambda label: str(label["id"]))
    outcome.summary = {"teacher": "labels", "source": path.name, "labels_in": len(raws)}
    return outcome


def _take(raw: Any, name: str, fresh: bool, place: Place, outcome: Outcome) -> None:
    try:
        checked = check(raw, place)
        if not fresh:
            raise LabelError(reasons.DUPLICATE_ID, f"another label bears the id {name!r}")
    except LabelError as error:
        outcome.refuse(name, error.reason, error.detail)
    else:
        outcome.labels.append({**raw, "id": name, "video_path": checked, "kind": raw.get("kind", place.task)})


def check(raw: Any, place: Place) -> str:
    """The video_id of a usable label.

    Raises:
        LabelError: `malformed`, `unknown_task`, `unknown_video`, `benchmark_video`, `no_question`; for
        base_qa also
            the reasons of single texts and times.

    """
    if not isinstance(raw, dict):
        raise LabelError(reasons.MALFORMED, f"expected an object, found {raw!r:.60}")
    if raw.get("task_type") not in TASKS:
        raise LabelError(
            UNKNOWN_TASK, f"task_type {raw.get('task_type')!r}; expected one of {', '.join(TASKS)}"
        )
    label = read_label(raw)
    if label.video_id in place.benchmark:
        raise LabelError(reasons.BENCHMARK_VIDEO, f"{label.video_id!r} belongs to the benchmark")
    if label.video_id not in place.corpus:
        raise LabelError(reasons.UNKNOWN_VIDEO, f"{label.video_id!r} is not in the manifest")
    if not label.questions:
        raise LabelError(reasons.NO_QUESTION, "the label asks nothing")
    if label.task == "base_qa":
        for item in [*label.questions, *label.responses]:
            _check_item(item)
    return label.video_id


def _check_item(item: dict[str, Any]) -> None:
    clean_text(item)
    try:
        time = parse_time(item.get("time"))
    except ValueError as error:
        raise LabelError(reasons.UNREADABLE_TIME, str(error)) from None
    if time is None:
        raise LabelError(reasons.UNREADABLE_TIME, f"{item!r:.80} has no time")
