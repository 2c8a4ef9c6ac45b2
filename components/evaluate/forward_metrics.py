"""Does the model speak when it should, and only then: precision, recall and false alarms of Responses.

OVO-Bench's forward points do not punish a model that speaks too often (paper.md, last section). Here every
Response of a stream is matched with a moment at which one was due.
"""

import bisect
import itertools
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from components.core.seeds import rng
from components.evaluate.ovo_format import Entry
from components.evaluate.streams import Stream
from components.protocol.states import LABELS

TOLERANCE_TURNS = 1
WINDOWS = (0, 1, 3, 5)  # tolerances, in turns, that precision, recall and F1 are also given for


@dataclass(frozen=True)
class Due:
    """When a stream ought to be spoken in: due turns, and quiet turns with nothing going on (both sorted)."""

    due: list[int]
    quiet: list[int]


@dataclass
class ResponseCount:
    """What the Responses of some streams came to.

    Attributes:
        responses: turns with a Response.
        due: moments at which one was due.
        hits: Responses matched one to one with a due moment, at most the tolerance apart.
        duplicates: Responses near a due moment which another one had hit already.
        false_alarms: Responses on quiet turns.
        quiet_turns: turns with nothing going on.
        waits: of every due moment that was answered before the next one, the turns until then.

    """

    responses: int = 0
    due: int = 0
    hits: int = 0
    duplicates: int = 0
    false_alarms: int = 0
    quiet_turns: int = 0
    waits: list[int] = field(default_factory=list)

    def add(self, other: "ResponseCount") -> None:
        """Add another count to this one."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def rates(self) -> dict[str, float | None]:
        """Percent of precision, recall and F1; None of nothing."""
        return {
            "precision": ratio(self.hits, self.responses),
            "recall": ratio(self.hits, self.due),
            "f1": ratio(2 * self.hits, self.responses + self.due),
        }

    def summary(self) -> dict[str, Any]:
        """Counts and rates, false alarms per quiet minute and hour, the delay; None of nothing."""
        minutes = self.quiet_turns / 60
        return {
            "responses": self.responses,
            "due": self.due,
            "hits": self.hits,
            **self.rates(),
            "duplicates": self.duplicates,
            "false_alarms": self.false_alarms,
            "quiet_minutes": round(minutes, 3),
            "false_alarms_per_quiet_minute": round(self.false_alarms / minutes, 2) if minutes else None,
            "false_alarms_per_quiet_hour": round(60 * self.false_alarms / minutes, 1) if minutes else None,
            "answered": len(self.waits),
            "delay_turns": delay(self.waits),
        }


def delay(waits: Sequence[int]) -> dict[str, float] | None:
    """Mean and median of the waits, in turns (seconds); None where no due moment was answered."""
    if not waits:
        return None
    return {"mean": round(statistics.fmean(waits), 2), "median": float(statistics.median(waits))}


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


def due_turns(entry: Entry, stream: Stream, tolerance: int = TOLERANCE_TURNS) -> Due:
    """Due and quiet turns of a forward stream by the rules of time (rule 2), from its question on.

    An event that ends after the last watched turn is not due: streams stop at their last test point. Turns
    within `tolerance` of an event are not quiet.
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
        busy.update(range(math.ceil(start) - tolerance, turn + tolerance + 1))
    quiet = [turn for turn in range(stream.question_turn, last + 1) if turn not in busy]
    return Due(sorted(due), quiet)


def count_responses(
    states: Sequence[str], due: Due, *, first: int = 0, tolerance: int = TOLERANCE_TURNS
) -> ResponseCount:
    """Match Responses from turn `first` on with due turns, one to one, at most `tolerance` turns apart."""
    spoken = [turn for turn in range(first, len(states)) if states[turn] == "response"]
    free, count = list(due.due), ResponseCount(responses=len(spoken), due=len(due.due))
    for turn in spoken:
        match = next((moment for moment in free if abs(moment - turn) <= tolerance), None)
        if match is not None:
            free.remove(match)
            count.hits += 1
        elif any(abs(moment - turn) <= tolerance for moment in due.due):
            count.duplicates += 1
    quiet = set(due.quiet)
    count.false_alarms, count.quiet_turns = sum(turn in quiet for turn in spoken), len(quiet)
    count.waits = list(waits(spoken, due.due, len(states)))
    return count


def waits(spoken: Sequence[int], due: Sequence[int], turns: int) -> Iterator[int]:
    """Of every due moment that is answered before the next one, the turns until its first Response."""
    for moment, until in itertools.pairwise([*due, turns]):
        place = bisect.bisect_left(spoken, moment)
        if place < len(spoken) and spoken[place] < until:
            yield spoken[place] - moment


@dataclass
class ResponseReport:
    """Response counts in all and per task."""

    total: ResponseCount = field(default_factory=ResponseCount)
    tasks: dict[str, ResponseCount] = field(default_factory=dict)
    windows: dict[int, ResponseCount] = field(default_factory=dict)

    def add(self, task: str, count: ResponseCount) -> None:
        """Add one stream's count."""
        self.total.add(count)
        self.tasks.setdefault(task, ResponseCount()).add(count)

    def add_window(self, tolerance: int, count: ResponseCount) -> None:
        """Add one stream's count at another tolerance."""
        self.windows.setdefault(tolerance, ResponseCount()).add(count)

    def summary(self) -> dict[str, Any]:
        """The overall summary with `tasks` beside it, and the rates at other tolerances as `windows`."""
        tasks = {task: count.summary() for task, count in sorted(self.tasks.items())}
        windows = {str(tolerance): count.rates() for tolerance, count in sorted(self.windows.items())}
        shown = {**self.total.summary(), "tolerance_turns": TOLERANCE_TURNS, "tasks": tasks}
        return shown | ({"windows": windows} if windows else {})


def forward_streams(entries: Iterable[Entry], streams: Iterable[Stream]) -> Iterator[tuple[Entry, Stream]]:
    """The REC, SSR and CRR streams with their entries; one that several entries test comes once."""
    by_key: Mapping[tuple[str, Any], Entry] = {(e["task"], e["id"]): e for e in entries}
    seen = set()
    for stream in streams:
        entry = by_key.get((stream.task, stream.entry))
        if entry is None or "test_info" not in entry:
            continue
        watched = (entry.get("video"), stream.task, stream.step, stream.question, stream.question_turn)
        if watched not in seen:
            seen.add(watched)
            yield entry, stream


def forward_responses(entries: Iterable[Entry], streams: Iterable[Stream]) -> dict[str, Any]:
    """Response counts over the forward streams, in all, per task and at several tolerances."""
    report = ResponseReport()
    for entry, stream in forward_streams(entries, streams):
        due, first = due_turns(entry, stream), stream.question_turn
        report.add(stream.task, count_responses(stream.states, due, first=first))
        for tolerance in WINDOWS:
            report.add_window(
                tolerance, count_responses(stream.states, due, first=first, tolerance=tolerance)
            )
    return report.summary()


def blind_responses(
    entries: Sequence[Entry], streams: Iterable[Stream], *, seed: int
) -> dict[str, dict[str, Any]]:
    """What speaking without looking scores on the same streams: on every turn, and in random states."""
    kept = [stream for _, stream in forward_streams(entries, streams)]
    loud = [replace(stream, states=["response"] * len(stream.states)) for stream in kept]
    generator = rng(seed, "random states")
    dice = [
        replace(stream, states=[LABELS[n] for n in generator.integers(0, len(LABELS), len(stream.states))])
        for stream in kept
    ]
    return {
        "always_response": forward_responses(entries, loud),
        "random_states": forward_responses(entries, dice),
    }
