"""A raw label file beside the user's own videos takes the teacher's place (`annotate.teacher: labels`).

Each label goes to the task its `task_type` names and to the shard of its video. Here a label is checked as
a whole; single questions and responses of stream tasks are checked by the conversion, which counts what it
sets aside. Labels that belong to no stage or video are set aside once: by the first shard of their task, and
where no stage has their task, by the first shard of `event_grounding`, which params cannot switch off.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.annotate import base_labels
from components.annotate.ground import TASK as GROUND
from components.annotate.outcome import Outcome
from components.annotate.shards import in_shard
from components.core.errors import DataError
from components.core.files import dumps
from components.protocol import reasons
from components.protocol.jsonscan import scan
from components.protocol.labels import LabelError, label_id, read_label, video_id
from components.protocol.rawfiles import each, open_labels

TASKS = ("narration", "event_caption", "action_caption", GROUND, "tsqa", "offline_qa", base_labels.TASK)
LOST_AND_FOUND = GROUND
UNKNOWN_TASK, TASK_NOT_RUN = "unknown_task", "task_not_run"


@dataclass(frozen=True)
class Place:
    """Which part of a label file a stage takes, and which videos there are.

    Attributes:
        task: of the stage.
        shard: of the stage, one of `shards`.
        shards: all shards.
        corpus: duration in seconds of each video that may be annotated, by video_id.
        benchmark: videos that must not be.
        tasks: those that have a stage.

    """

    task: str
    shard: Any
    shards: Sequence[Any]
    corpus: Mapping[str, float]
    benchmark: Collection[str]
    tasks: Collection[str] = TASKS

    def takes(self, raw: Any) -> bool:
        """Whether this stage imports or sets aside the label `raw`."""
        fields = raw if isinstance(raw, dict) else {}
        task, video = fields.get("task_type"), video_id(fields)
        if (task if task in self.tasks else LOST_AND_FOUND) != self.task:
            return False
        home = video if task == self.task and video in self.corpus else None
        return in_shard(home, self.shard, self.shards) if home else self.shard == self.shards[0]


def import_labels(path: Path, place: Place) -> Outcome:
    """The labels of `path` that belong to `place`; unusable ones in quarantine with their reason.

    Raises:
        DataError: the file is missing or of none of the kinds that `read_labels` reads.

    """
    outcome, seen, count = Outcome(place.task), set[str](), 0
    for number, raw in enumerate(read_labels(path)):
        count += 1
        name = label_id(raw) if isinstance(raw, dict) else f"label {number}"
        fresh = name not in seen
        seen.add(name)
        if place.takes(raw):
            _take(raw, name, fresh, place, outcome)
    outcome.labels.sort(key=lambda label: str(label["id"]))
    outcome.summary = {"teacher": "labels", "source": path.name, "labels_in": count}
    return outcome


def read_labels(path: Path) -> Iterator[Any]:
    """The raw labels of a file one after the other: a `.json` list, `.jsonl` or `.parquet`.

    Every stage reads the whole file for its own part, so the file is never held as a whole.

    Raises:
        DataError: the file is missing or of another form.

    """
    if not path.exists():
        raise DataError(f"{path}: no label file; put one beside the videos or change params annotate.labels")
    if path.suffix == ".parquet":
        with closing(open_labels([path])) as raw:
            yield from each(raw, range(len(raw.ids)))
    else:
        yield from (span.value for span in scan(path, lists_only=True))


def _take(raw: Any, name: str, fresh: bool, place: Place, outcome: Outcome) -> None:
    try:
        checked = check(raw, place)
        if not fresh:
            raise LabelError(reasons.DUPLICATE_ID, f"another label bears the id {name!r}")
    except LabelError as error:
        outcome.refuse(name, error.reason, error.detail)
    else:
        outcome.labels.append({**raw, "id": name, **checked})


def check(raw: Any, place: Place) -> dict[str, Any]:
    """`video_path` and `kind` of a usable label.

    Raises:
        LabelError: `malformed`, `unknown_task`, `task_not_run`, `unknown_video`, `benchmark_video`,
            `no_question`; for base_qa also the reasons of `base_labels.check`.

    """
    if not isinstance(raw, dict):
        raise LabelError(reasons.MALFORMED, f"expected an object, found {raw!r:.60}")
    task = raw.get("task_type")
    if task not in TASKS:
        raise LabelError(UNKNOWN_TASK, f"task_type {task!r}; expected one of {', '.join(TASKS)}")
    if task not in place.tasks:
        raise LabelError(TASK_NOT_RUN, f"{task} is not in params annotate.tasks")
    label = read_label(raw)
    _check_written(raw)
    if label.video_id in place.benchmark:
        raise LabelError(reasons.BENCHMARK_VIDEO, f"{label.video_id!r} belongs to the benchmark")
    if label.video_id not in place.corpus:
        raise LabelError(reasons.UNKNOWN_VIDEO, f"{label.video_id!r} is not in the manifest")
    if not label.questions:
        raise LabelError(reasons.NO_QUESTION, "the label asks nothing")
    kind = raw.get("kind", task)
    if task == base_labels.TASK:
        kind = base_labels.check(label, raw.get("kind"), place.corpus[label.video_id])
    return {"video_path": label.video_id, "kind": kind}


def _check_written(raw: dict[str, Any]) -> None:
    """LabelError where the label, any key of it, cannot be written again: NaN, or half a surrogate pair."""
    try:
        dumps(raw, indent=None).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise LabelError(reasons.MALFORMED, f"cannot be written as JSON: {error}"[:160]) from None
