"""Does the model speak when it should, and only then: precision, recall and false alarms of Responses.

OVO-Bench's forward points do not punish a model that speaks too often (paper.md, last section). Here every
Response of a stream is matched with a moment at which one was due.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.evaluate.ovo_format import Entry
from components.evaluate.streams import Stream

TOLERANCE_TURNS = 1


@dataclass(frozen=True)
class Due:
    """When a stream ought to be spoken in: due turns, and quiet turns with nothing going on (both sorted)."""

    due: list[int]
    quiet: list[int]


@dataclass
class ResponseCount:
    """Responses, due moments, hits (matched one to one), false alarms and the quiet turns they fell on."""

    responses: int = 0
    due: int = 0
    hits: int = 0
    false_alarms: int = 0
    quiet_turns: int = 0

    def add(self, other: "ResponseCount") -> None:
        """Add another count to this one."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def summary(self) -> dict[str, Any]:
        """Counts, percent of precision, recall and F1, false alarms per quiet minute; None of nothing."""
        precision, recall = ratio(self.hits, self.responses), ratio(self.hits, self.due)
        minutes = self.quiet_turns / 60
        return {
            "responses": self.responses,
            "due": self.due,
            "hits": self.hits,
            "precision": precision,
            "recall": recall,
            "f1": ratio(2 * self.hits, self.responses + self.due),
            "false_alarms": self.false_alarms,
            "quiet_minutes": round(minutes, 3),
            "false_alarms_per_quiet_minute": round(self.false_alarms / minutes, 2) if minutes else None,
        }


def ratio(part: int, whole: int) -> float | None:
    """Percent with two decimals, None where there is nothing to divide by."""
    return round(100 * part / whole, 2) if whole else None


def spans_of(entry: Entry, step: str | None) -> list[tuple[float, float]]:
    """The events (start, end), in seconds, after whose end a stream of this forward entry should speak."""
    if entry["task"] == "REC":
        return list(zip(entry["start_times"], entry["end_times"], strict=True))
    if entry["task"] == "CRR":
        return [(entry["clue_time"], entry["clue_time"])]
    steps = zip(entry["all_steps"], entry["start_time"], entry["end_time"], strict=True)
    return [(start, end) for name, start, end in steps if name == step]


def due_turns(entry: Entry, stream: Stream) -> Due:
    """Due and quiet turns of a forward stream by the rules of time (rule 2), from its question on.

    An event that ends after the last watched turn is not due: streams stop at their last test point.
    """
    last = len(stream.states) - 1
    due: set[int] = set()
    busy: set[int] = set()
    for start, end in spans_of(entry, stream.step):
        if end < stream.question_turn and entry["task"] != "CRR":
            continue  # over before the question: nothing to say (rule 3)
        turn = max(math.ceil(end), stream.question_turn)
        if turn <= last:
            due.add(turn)
        busy.update(range(math.ceil(start) - TOLERANCE_TURNS, turn + TOLERANCE_TURNS + 1))
    quiet = [turn for turn in range(stream.question_turn, last + 1) if turn not in busy]
    return Due(sorted(due), quiet)


def count_responses(states: Sequence[str], due: Due, *, first: int = 0) -> ResponseCount:
    """Match Responses from turn `first` on with due turns, one to one, at most the tolerance apart."""
    spoken = [turn for turn in range(first, len(states)) if states[turn] == "response"]
    free, hits = list(due.due), 0
    for turn in spoken:
        match = next((moment for moment in free if abs(moment - turn) <= TOLERANCE_TURNS), None)
        if match is not None:
            free.remove(match)
            hits += 1
    quiet = set(due.quiet)
    alarms = sum(turn in quiet for turn in spoken)
    return ResponseCount(len(spoken), len(due.due), hits, alarms, len(quiet))


@dataclass
class ResponseReport:
    """Response counts in all and per task."""

    total: ResponseCount = field(default_factory=ResponseCount)
    tasks: dict[str, ResponseCount] = field(default_factory=dict)

    def add(self, task: str, count: ResponseCount) -> None:
        """Add one stream's count."""
        self.total.add(count)
        self.tasks.setdefault(task, ResponseCount()).add(count)

    def summary(self) -> dict[str, Any]:
        """The overall summary with `tasks` beside it."""
        tasks = {task: count.summary() for task, count in sorted(self.tasks.items())}
        return {**self.total.summary(), "tolerance_turns": TOLERANCE_TURNS, "tasks": tasks}


def forward_responses(entries: Iterable[Entry], streams: Iterable[Stream]) -> dict[str, Any]:
    """Response counts over REC, SSR and CRR streams; one that several entries test counts once."""
    by_key: Mapping[tuple[str, Any], Entry] = {(e["task"], e["id"]): e for e in entries}
    report, seen = ResponseReport(), set()
    for stream in streams:
        entry = by_key.get((stream.task, stream.entry))
        if entry is None or "test_info" not in entry:
            continue
        watched = (entry.get("video"), stream.task, stream.step, stream.question, stream.question_turn)
        if watched not in seen:
            seen.add(watched)
            due = due_turns(entry, stream)
            report.add(stream.task, count_responses(stream.states, due, first=stream.question_turn))
    return report.summary()
