"""Logs of live streams as rows of features; a line that cannot be read is set aside and counted."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from components.core.errors import DataError
from components.monitor.dialogues import spoken
from components.protocol.sessionlog import SessionRecord, parse_record
from components.protocol.states import LABELS, from_label
from components.protocol.turns import Quarantined

NOT_JSON, BAD_RECORD, TURN_REPEATED, NO_TURNS = "not_json", "bad_record", "turn_repeated", "no_turns"


@dataclass
class Streams:
    """The usable records of one or more logs, stream by stream, and what was set aside.

    `missing` counts turns that no line tells of between two that do.
    """

    records: list[tuple[str, list[SessionRecord]]] = field(default_factory=list)
    quarantine: list[Quarantined] = field(default_factory=list)
    missing: int = 0

    @property
    def turns(self) -> int:
        """Turns of all streams."""
        return sum(len(records) for _, records in self.records)

    def reasons(self) -> dict[str, int]:
        """How many were set aside for which reason."""
        return dict(sorted(Counter(row.reason for row in self.quarantine).items()))

    def frame(self) -> pd.DataFrame:
        """One row a stream, with the names of the features of samples where they mean the same."""
        rows = {name: stream_row(records) for name, records in self.records}
        return pd.DataFrame.from_dict(rows, orient="index").astype(float)


def read_streams(paths: Sequence[Path]) -> Streams:
    """Read logs of `streamo stream --json`; turn 0 begins a new stream, so a log may hold several.

    Raises:
        DataError: a file cannot be read, or not one line of all the files is usable.

    """
    streams = Streams()
    for path in paths:
        before = len(streams.records)
        read_log(Path(path), streams)
        if len(streams.records) == before:
            streams.quarantine.append(Quarantined(str(path), NO_TURNS, "no usable line"))
    if not streams.records:
        reasons = ", ".join(f"{reason} {count}" for reason, count in streams.reasons().items())
        raise DataError(
            f"{', '.join(map(str, paths))}: no usable turn ({reasons}); expected the lines of "
            "`streamo stream --json`"
        )
    return streams


def read_log(path: Path, streams: Streams) -> None:
    """Add the streams of one file."""
    for number, record in usable_lines(path, streams.quarantine):
        current = streams.records[-1][1] if streams.records else []
        starts = record.turn == 0 or not streams.records or not _is_of(streams.records[-1][0], path)
        if starts:
            streams.records.append((f"{path}:{number}", [record]))
            streams.missing += record.turn
        elif record.turn <= current[-1].turn:
            detail = f"turn {record.turn} after turn {current[-1].turn}"
            streams.quarantine.append(Quarantined(f"{path}:{number}", TURN_REPEATED, detail))
        else:
            streams.missing += record.turn - current[-1].turn - 1
            current.append(record)


def _is_of(name: str, path: Path) -> bool:
    return name.rpartition(":")[0] == str(path)


def usable_lines(path: Path, quarantine: list[Quarantined]) -> Iterator[tuple[int, SessionRecord]]:
    """(line number, record) of every line that holds one; the others go to `quarantine`."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    for number, line in enumerate(lines, start=1):
        reason = NOT_JSON
        try:
            values = json.loads(line)
            reason = BAD_RECORD
            yield number, parse_record(values)
        except (ValueError, RecursionError) as error:
            quarantine.append(Quarantined(f"{path}:{number}", reason, str(error)))


def stream_row(records: Sequence[SessionRecord]) -> dict[str, float | None]:
    """The features of one stream; None where it has no value."""
    said = [record for record in records if record.text is not None]
    told = spoken(
        [from_label(record.state) for record in records],
        [record.turn for record in said],
        [record.text or "" for record in said],
    )
    probabilities = {
        f"probability.{label}": sum(getattr(record, f"p_{label}") for record in records) / len(records)
        for label in LABELS
    }
    return {
        "state.silence": told.silence,
        "state.standby": told.standby,
        "state.response": told.response,
        "answered": float(told.responses > 0),
        "first_response_turn": told.first_response_turn,
        "answer_tokens": told.answer_tokens,
        "answer_characters": told.answer_characters,
        "gap_turns": told.gap_turns,
        **probabilities,
    }
