"""What is compared: all that a label file says about one video for one request, as one converted sample."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.protocol import reasons
from components.protocol.batch import LengthOf, VideoLength
from components.protocol.convert import convert_placed
from components.protocol.labels import Label, LabelError, read_label
from components.protocol.placed import Placed
from components.protocol.times import parse_time

# Standing requests for whatever happens: all responses about a video belong together, however it was asked.
POOLED = frozenset({"narration", "event_caption", "action_caption", "event_grounding"})
Key = tuple[str, str, tuple[tuple[str, str], ...]]  # video, task, and of other tasks the questions as asked


@dataclass
class Units:
    """A label file as comparable units.

    Attributes:
        samples: converted, by key; pooled responses answer one question at second 0.
        labels: labels read, usable or not.
        set_aside: labels that could not be used, by reason.
        responses_aside: responses of usable labels that could not be used, by reason.

    """

    samples: dict[Key, Placed] = field(default_factory=dict)
    labels: int = 0
    set_aside: Counter[str] = field(default_factory=Counter)
    responses_aside: Counter[str] = field(default_factory=Counter)

    def summary(self) -> dict[str, Any]:
        """Plain counts for JSON."""
        return {
            "labels": self.labels,
            "units": len(self.samples),
            "videos": len({key[0] for key in self.samples}),
            "set_aside": dict(sorted(self.set_aside.items())),
            "responses_set_aside": dict(sorted(self.responses_aside.items())),
        }


def read_units(labels: Iterable[Any], length_of: LengthOf) -> Units:
    """Group raw labels and convert each group by the corrected rules (components/protocol)."""
    units, groups, members = Units(), dict[Key, dict[str, Any]](), Counter[Key]()
    for raw in labels:
        units.labels += 1
        try:
            label = _usable(raw)
        except LabelError as error:
            units.set_aside[error.reason] += 1
            continue
        key = _key(label)
        members[key] += 1
        _add(groups.setdefault(key, _empty(label, key, len(groups))), label)
    for key, group in groups.items():
        whole = {**group, "response": list(group["response"].values())}
        try:
            units.samples[key] = placed = _convert(whole, length_of)
        except LabelError as error:
            units.set_aside[error.reason] += members[key]
        else:
            units.responses_aside.update(placed.head.counts.quarantined)
    return units


def _convert(whole: Mapping[str, Any], length_of: LengthOf) -> Placed:
    """The unit, converted; LabelError where the video is unknown or the sample cannot be used."""
    length = length_of(whole["video_path"])
    turns = length.num_turns("corrected", 1.0)
    placed = convert_placed(whole, turns, duration_s=length.duration_s)
    if not placed.states:
        raise LabelError(placed.head.quarantine[0].reason, placed.head.quarantine[0].detail)
    return placed


def lengths(durations: Mapping[str, float]) -> LengthOf:
    """Seconds by video_id as the conversion asks for them; an unknown video has its reason."""

    def length_of(video_id: str) -> VideoLength:
        if video_id not in durations:
            raise LabelError(reasons.UNKNOWN_VIDEO, f"{video_id!r} has no duration")
        return VideoLength(float(durations[video_id]))

    return length_of


def _usable(raw: Any) -> Label:
    if not isinstance(raw, Mapping):
        raise LabelError(reasons.MALFORMED, f"expected an object, found {raw!r:.60}")
    label = read_label(raw)
    if not label.questions:
        raise LabelError(reasons.NO_QUESTION, "the label asks nothing")
    return label


def _key(label: Label) -> Key:
    if label.task in POOLED:
        return label.video_id, label.task, ()
    asked = tuple((str(item.get("content")), str(_seconds(item.get("time")))) for item in label.questions)
    return label.video_id, label.task, asked


def _empty(label: Label, key: Key, number: int) -> dict[str, Any]:
    pooled = label.task in POOLED
    return {
        "id": f"unit-{number}",
        "video_path": label.video_id,
        "task_type": label.task,
        "source": label.source,
        "question": [{"content": label.task, "time": 0}] if pooled else label.questions,
        "response": {},
    }


def _add(group: dict[str, Any], label: Label) -> None:
    """Add the label's responses; one that several labels give counts once."""
    for item in label.responses:
        times = tuple(str(_seconds(item.get(name))) for name in ("st_time", "end_time", "time"))
        group["response"].setdefault((str(item.get("content")).strip(), *times), item)


def _seconds(value: Any) -> object:
    """The time in seconds, so that 3, "3.0" and "00:03" are one; what cannot be read stays as it is."""
    try:
        return parse_time(value)
    except ValueError:
        return value
