"""Many raw labels -> placed samples, lazily, with everything that becomes of them tallied."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.protocol import reasons
from components.protocol.convert import convert_placed, num_turns, refused
from components.protocol.counts import Counts, sorted_counts
from components.protocol.labels import LabelError, video_id
from components.protocol.placed import Placed
from components.protocol.states import STATES, State
from components.protocol.turns import Dialogue, Quarantined


@dataclass(frozen=True, slots=True)
class VideoLength:
    """What conversion must know of a video; `turns` overrides what would be computed."""

    duration_s: float
    frames: int | None = None
    fps: float | None = None
    turns: int | None = None

    def num_turns(self, rules: str, fps: float) -> int:
        """ceil(duration), at least 1; released rules: frames // max(1, int(video fps / fps)), possibly 0.

        Where released rules have no frame count, the frames are taken to be `fps` a second, whole ones only.
        """
        if self.turns is not None:
            return self.turns
        if rules == "corrected":
            return num_turns(self.duration_s)
        if self.frames is None or self.fps is None:
            return int(self.duration_s * fps)
        return self.frames // max(1, int(self.fps / fps))


LengthOf = Callable[
    [str], VideoLength
]  # video_id -> length; raises LabelError with a reason where there is none


NO_VIDEO = VideoLength(1.0)  # for a label that names no video: conversion refuses it as malformed


def with_ids(raws: Iterable[object]) -> list[dict[str, Any]]:
    """Labels in list order, each with an id: its own, or `<task>-<video>-<n>` for the n-th of the list.

    What is no object at all becomes an empty label, which conversion refuses as malformed.
    """
    return [with_id(raw, number) for number, raw in enumerate(raws)]


def with_id(raw: object, own: str | int) -> dict[str, Any]:
    """A copy of one label with an id: `own` if it is a text; else its own, or one made with that number."""
    label = dict(raw) if isinstance(raw, Mapping) else {}
    found = label.get("id")
    if isinstance(own, str):
        label["id"] = own
    elif not (isinstance(found, str) and found):
        label["id"] = f"{label.get('task_type') or 'unknown'}-{video_id(label) or 'unknown'}-{own}"
    return label


def convert_all(
    labels: Iterable[Mapping[str, Any]], length_of: LengthOf, *, rules: str = "corrected", fps: float = 1.0
) -> Iterator[Dialogue]:
    """Convert labels (with ids) in order, one at a time; one that cannot be used comes without turns."""
    return (placed.dialogue() for placed in place_all(labels, length_of, rules=rules, fps=fps))


def place_all(
    labels: Iterable[Mapping[str, Any]],
    length_of: LengthOf,
    *,
    rules: str = "corrected",
    fps: float = 1.0,
    seen: set[str] | None = None,
) -> Iterator[Placed]:
    """`convert_all` without spelling the turns out; ids in `seen` came before and are taken."""
    seen = set() if seen is None else seen
    for raw in labels:
        if raw["id"] in seen:
            yield refused(raw, LabelError(reasons.DUPLICATE_ID, f"another label bears the id {raw['id']!r}"))
            continue
        seen.add(raw["id"])
        try:
            length = length_of(video_id(raw)) if video_id(raw) else NO_VIDEO
        except LabelError as error:
            yield refused(raw, error)
            continue
        turns = length.num_turns(rules, fps)
        yield convert_placed(raw, turns, duration_s=length.duration_s, fps=fps, rules=rules)


@dataclass(slots=True)
class Tally:
    """Counts of a run of samples: samples, turns by task and state, conservation, quarantine."""

    samples_in: int = 0
    samples_quarantined: Counter[str] = field(default_factory=Counter)
    samples: Counter[str] = field(default_factory=Counter)
    states: dict[str, Counter[State]] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    quarantine: list[Quarantined] = field(default_factory=list)

    def watch(self, samples: Iterable[Placed]) -> Iterator[Placed]:
        """Pass the usable samples on while counting all of them."""
        for placed in samples:
            head = placed.head
            self.samples_in += 1
            self.counts.add(head.counts)
            self.quarantine.extend(head.quarantine)
            if not placed.states:
                self.samples_quarantined[head.quarantine[0].reason] += 1
                continue
            self.samples[head.task] += 1
            of_task = self.states.setdefault(head.task, Counter())
            for code, state in enumerate(STATES):
                of_task[state] += placed.states.count(code)
            yield placed

    def add(self, other: "Tally") -> None:
        """Add what another run counted."""
        self.samples_in += other.samples_in
        self.samples_quarantined.update(other.samples_quarantined)
        self.samples.update(other.samples)
        for task, states in other.states.items():
            self.states.setdefault(task, Counter()).update(states)
        self.counts.add(other.counts)
        self.quarantine.extend(other.quarantine)

    def summary(self) -> dict[str, Any]:
        """Plain values for JSON; shares are fractions of the turns, rounded to six places."""
        overall = sum(self.states.values(), Counter[State]())
        tasks = {
            task: {"samples": self.samples[task], "turns": states.total(), "shares": shares(states)}
            for task, states in sorted(self.states.items())
        }
        return {
            "samples_in": self.samples_in,
            "samples": self.samples.total(),
            "samples_quarantined": sorted_counts(self.samples_quarantined),
            "turns": overall.total(),
            "shares": shares(overall),
            "tasks": tasks,
            "counts": self.counts.as_dict(),
        }

    def rows(self) -> list[dict[str, str]]:
        """The rows of quarantine.json, sorted."""
        return [
            item.row()
            for item in sorted(self.quarantine, key=lambda item: (item.id, item.reason, item.detail))
        ]


def shares(states: Mapping[State, int]) -> dict[str, float]:
    """Share of each state by its label; zeros where there is no turn."""
    total = max(1, sum(states.values()))
    return {state.label: round(states.get(state, 0) / total, 6) for state in STATES}


def share_lines(summary: Mapping[str, Any]) -> list[str]:
    """One printed line for all turns and one a task: samples, turns, percent of each state."""
    rows = [("all", {"samples": summary["samples"], "turns": summary["turns"], "shares": summary["shares"]})]
    rows += list(summary["tasks"].items())
    width = max(len(name) for name, _ in rows)
    lines = []
    for name, row in rows:
        parts = " / ".join(f"{100 * row['shares'][state.label]:.1f}" for state in STATES)
        lines.append(f"{name:<{width}}  {row['samples']:>6} samples  {row['turns']:>8} turns  {parts} %")
    return lines
