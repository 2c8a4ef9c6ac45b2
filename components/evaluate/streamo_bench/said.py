"""What a model said in a stream, and when: the one form in which every kind of prediction is scored.

A prediction file is ours (`states` and `texts` by turn) or made elsewhere (`responses` with seconds). Each
row names its task by `id`. Whatever a row holds, an answer is text at a time, or it is counted as
unreadable.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.evaluate.streamo_bench.format import Task
from components.protocol.states import LABELS, State

TIME = r"(\d+(?:\.\d+)?)"
SPAN = re.compile(
    rf"{TIME}\s*(?:s|sec|secs|seconds)?\s*(?:-|\u2013|\u2014|to|until|and)\s*{TIME}", re.IGNORECASE
)
Span = tuple[float, float]


@dataclass(frozen=True)
class Said:
    """One response.

    Attributes:
        time_s: when it was given: the instant of the newest frame seen.
        text: the words.
        since_s: where the run of Standby before it began, the stream's own mark of an event's start; None
            without one.

    """

    time_s: float
    text: str
    since_s: float | None = None

    def spoken_span(self) -> Span | None:
        """The first pair of seconds in the words, such as `from 3s to 6s`; None without one, or reversed."""
        found = SPAN.search(self.text)
        if not found:
            return None
        start, end = float(found[1]), float(found[2])
        return (start, end) if start < end else None

    def marked_span(self) -> Span | None:
        """The event this response closes: the span in its words, else from the Standby before it."""
        spoken = self.spoken_span()
        if spoken is not None or self.since_s is None:
            return spoken
        return (self.since_s, self.time_s)


def read_predictions(path: Path, tasks: Sequence[Task]) -> tuple[dict[str, list[Said]], Counter[str]]:
    """What was said for every task, in order of time, and what was odd in the file by reason.

    A task without a row counts as silent; answers before the question are left out. Both are counted.

    Raises:
        DataError: the file is no list of rows, or two rows bear one id.

    """
    value = read_json(path)
    rows = value.get("streams") if isinstance(value, dict) else value
    if not isinstance(rows, list):
        raise DataError(f"{path}: expected a list of rows, or an object with the list `streams`")
    found: dict[str, list[Said]] = {}
    seen: set[str] = set()
    odd: Counter[str] = Counter()
    known = {task.id: task for task in tasks}
    for number, row in enumerate(rows):
        name = row.get("id") if isinstance(row, dict) else None
        if not isinstance(name, str):
            raise DataError(f"{path}: row {number}: expected an object with the task's `id` as text")
        if name in seen:
            raise DataError(f"{path}: row {number}: task {name!r} has a row already")
        seen.add(name)
        if name not in known:
            odd["row_of_no_task"] += 1
            continue
        found[name] = after(read_row(row, odd), known[name].asked_s, odd)
    odd["task_without_row"] += len(known) - len(found)
    return {name: found.get(name, []) for name in known}, odd


def after(said: Sequence[Said], asked_s: float, odd: Counter[str]) -> list[Said]:
    """The answers that do not come before their question, by time."""
    kept = [one for one in said if one.time_s >= asked_s]
    odd["answer_before_question"] += len(said) - len(kept)
    return sorted(kept, key=lambda one: one.time_s)


def read_row(row: Mapping[str, Any], odd: Counter[str]) -> list[Said]:
    """The responses of one row of either form."""
    if "states" in row:
        return of_stream(row["states"], row.get("texts", {}), odd)
    responses = row.get("responses", [])
    said = [of_response(one, odd) for one in responses] if isinstance(responses, list) else [None]
    odd["answer_unreadable"] += sum(one is None for one in said)
    return [one for one in said if one is not None]


def of_response(value: Any, odd: Counter[str]) -> Said | None:
    """`{"time_s", "text"}`, with `since_s` where the model marked the start; None if it cannot be read."""
    if not isinstance(value, Mapping) or not isinstance(value.get("text"), str):
        return None
    time, since = seconds(value.get("time_s")), seconds(value.get("since_s"))
    return None if time is None else Said(time, value["text"], since)


def seconds(value: Any) -> float | None:
    """A finite number of seconds, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def of_stream(states: Any, texts: Any, odd: Counter[str]) -> list[Said]:
    """The Response turns of a stream of ours; turn i has seen the frame at instant i."""
    if not isinstance(states, list) or not isinstance(texts, Mapping):
        odd["answer_unreadable"] += 1
        return []
    said: list[Said] = []
    since: int | None = None
    for turn, state in enumerate(states):
        if state not in LABELS:
            odd["state_unknown"] += 1
        if state == State.RESPONSE.label:
            text = texts.get(str(turn))
            said.append(Said(float(turn), text if isinstance(text, str) else "", since))
        since = (turn if since is None else since) if state == State.STANDBY.label else None
    return said
