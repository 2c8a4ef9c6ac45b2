"""Stages annotate and ground apply reviews to their own labels; every review has one stage that answers."""

from typing import Any

from components.annotate.importer import read_labels
from components.annotate.outcome import Outcome
from components.annotate.reviews import FILE, REJECTED, apply, read
from components.annotate.settings import Settings, place_of
from components.protocol.labels import label_id
from components.teacher.registry import LABELS


def reviewed(outcome: Outcome, settings: Settings) -> Outcome:
    """`outcome` after the reviews in `reviews.jsonl` beside the media root; as it is where there is no file.

    Raises:
        DataError: a bad line of that file (components.annotate.reviews).

    """
    path = settings.media.parent / FILE
    if not path.exists():
        return outcome
    place, file = place_of(outcome.task, settings), label_file(settings)
    mine = [review for review in read(path) if place.takes(file.get(review.label) or spelled(review.label))]
    applied = apply(outcome.labels, mine, place.corpus)
    outcome.labels = applied.labels
    for name, detail in applied.rejected:
        outcome.refuse(name, REJECTED, detail)
    outcome.summary["reviews"] = applied.summary()
    return outcome


def label_file(settings: Settings) -> dict[str, Any]:
    """Where a label file is the teacher, its labels by id, the first of equal ones; they name their stage."""
    if settings.teacher != LABELS:
        return {}
    by_id: dict[str, Any] = {}
    for raw in read_labels(settings.labels):
        if isinstance(raw, dict):
            by_id.setdefault(label_id(raw), raw)
    return by_id


def spelled(name: str) -> dict[str, str]:
    """Task and video that an id of ours spells, `<task>-<video_id>-<n>`: enough to know the label's stage.

    Any other id names no task, which makes it the lost-and-found stage's (components.annotate.importer).
    """
    task, _, rest = name.partition("-")
    return {"task_type": task, "video_path": rest.rpartition("-")[0]}
