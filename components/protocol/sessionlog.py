"""The session log: one JSON line a turn of a live stream, as `streamo stream --json` prints it."""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import dumps
from components.protocol.states import LABELS

SUM_SLACK = 1e-3  # three rounded probabilities


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """What the model did on one turn.

    `state` is `silence`, `standby` or `response`; `text` (possibly empty) is given exactly when it is
    `response`. Probabilities are those of the three state tokens before the choice; `latency_ms`: wall time.
    """

    turn: int
    start_s: float
    end_s: float
    state: str
    text: str | None
    p_silence: float
    p_standby: float
    p_response: float
    latency_ms: float

    def line(self) -> str:
        """The record as one JSON line with its newline."""
        return dumps(asdict(self), indent=None)


FIELDS = tuple(item.name for item in fields(SessionRecord))


def parse_record(values: Any) -> SessionRecord:
    """Check one record.

    Raises:
        ValueError: a key is missing, unknown or of the wrong type, or values contradict each other.

    """
    if not isinstance(values, dict) or set(values) != set(FIELDS):
        found = ", ".join(sorted(values)) if isinstance(values, dict) else type(values).__name__
        raise ValueError(f"expected the keys {', '.join(FIELDS)}; found {found}")
    turn, state, text = values["turn"], values["state"], values["text"]
    if isinstance(turn, bool) or not isinstance(turn, int) or turn < 0:
        raise ValueError(f"turn must be a whole number from 0, found {turn!r}")
    if state not in LABELS:
        raise ValueError(f"state must be one of {', '.join(LABELS)}, found {state!r}")
    if isinstance(text, str) != (state == "response") or not isinstance(text, str | None):
        raise ValueError(
            f"text must be given exactly when the state is response, found {text!r} with {state!r}"
        )
    numbers = {name: _number(name, values[name]) for name in FIELDS if name not in ("turn", "state", "text")}
    if numbers["end_s"] <= numbers["start_s"]:
        raise ValueError(f"end_s {numbers['end_s']} is not after start_s {numbers['start_s']}")
    if numbers["p_silence"] + numbers["p_standby"] + numbers["p_response"] > 1 + SUM_SLACK:
        raise ValueError("the three probabilities add up to more than 1")
    return SessionRecord(turn=turn, state=state, text=text, **numbers)


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{name} must be a finite number from 0, found {value!r}")
    if name.startswith("p_") and value > 1:
        raise ValueError(f"{name} must be at most 1, found {value!r}")
    return float(value)


def read_session(path: Path) -> Iterator[SessionRecord]:
    """The records of a session log, checked one by one.

    Raises:
        DataError: names the file and line: not JSON, no record, or a turn that does not follow.

    """
    with Path(path).open(encoding="utf-8") as lines:
        yield from check_session(lines, str(path))


def check_session(lines: Iterable[str], name: str = "session") -> Iterator[SessionRecord]:
    """`read_session` over lines that are already at hand."""
    previous: SessionRecord | None = None
    for number, line in enumerate(lines, start=1):
        try:
            record = parse_record(json.loads(line))
            if previous is not None and record.turn != previous.turn + 1:
                raise ValueError(f"turn {record.turn} after turn {previous.turn}")
            if previous is not None and record.start_s != previous.end_s:
                raise ValueError(f"starts at {record.start_s} s, the turn before ended at {previous.end_s} s")
        except ValueError as error:
            raise DataError(f"{name}, line {number}: {error}") from None
        yield record
        previous = record
