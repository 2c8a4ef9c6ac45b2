"""The event table as a frame, and which question each Response of the turn frame answers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from components.validate import columns
from components.validate.reading import BATCH_ROWS, Turns
from components.validate.schema import EVENT_COLUMNS, TEXT_OR_NULL, WHOLE, open_table

NO_QUESTION = -1
JOINED = {"text": TEXT_OR_NULL, "question_turn": WHOLE}


@dataclass(frozen=True)
class Events:
    """The event frame, and (0 rows where the file lacks text or question_turn) what joins it to the turns."""

    frame: pd.DataFrame
    samples: np.ndarray
    texts: pa.ChunkedArray
    question_turn: np.ndarray


def read_events(path: Path, turns: Turns) -> Events:
    """Read an event table; samples get the numbers they have in the turn frame.

    Raises:
        DataError: the file or a column cannot be read, or an id or number is null (named).

    """
    file = open_table(path, EVENT_COLUMNS)
    joined = set(JOINED) <= set(file.schema_arrow.names)
    if joined:
        open_table(path, JOINED)
    known, samples = len(turns.samples.index), turns.samples
    codes, start_s, end_s = ([np.empty(0)] for _ in range(3))
    texts, question_turn = [pa.array([], pa.large_string())], [np.empty(0)]
    for batch in file.iter_batches(BATCH_ROWS, columns=[*EVENT_COLUMNS, *(JOINED if joined else ())]):
        codes.append(columns.full(samples.codes(batch.column("sample_id")), "sample_id", path))
        start_s.append(columns.numbers(batch.column("start_s"), "start_s", path))
        end_s.append(columns.numbers(batch.column("end_s"), "end_s", path))
        if joined:
            texts.append(columns.plain(batch.column("text")))
            question_turn.append(columns.numbers(batch.column("question_turn"), "question_turn", path))
    code = np.concatenate(codes).astype(np.int32)
    frame = pd.DataFrame(
        {
            "sample": samples.categorical(code),
            "start_s": np.concatenate(start_s),
            "end_s": np.concatenate(end_s),
            "duration_s": _durations(turns, known, len(samples.index))[code],
            "sample_known": code < known,
        },
        copy=False,
    )
    return Events(
        frame, code[: len(code) if joined else 0], pa.chunked_array(texts), np.concatenate(question_turn)
    )


def _durations(turns: Turns, known: int, count: int) -> np.ndarray:
    """(count,) the duration in the first row of each sample; NaN for those the turn table lacks."""
    durations = np.full(count, np.nan)
    codes = turns.frame["sample"].cat.codes.to_numpy()
    columns.first_values(codes, turns.frame["duration_s"].to_numpy(), durations[:known])
    return durations


def own_question(turns: Turns, events: Events) -> np.ndarray:
    """(N,) int32: the earliest question an event with this Response's sample and text belongs to."""
    own = np.full(len(turns.frame), NO_QUESTION, dtype=np.int32)
    there = np.flatnonzero(columns.there(events.texts))
    if not len(there) or not len(turns.said_rows):
        return own
    texts = pa.chunked_array([*turns.said.chunks, *events.texts.chunks]).dictionary_encode()
    numbers = np.concatenate([chunk.indices.fill_null(0).to_numpy() for chunk in texts.chunks]).astype(
        np.int64
    )
    different, said = int(numbers.max()) + 1, len(turns.said_rows)
    codes = turns.frame["sample"].cat.codes.to_numpy()[turns.said_rows].astype(np.int64)
    asked = codes * different + numbers[:said]
    keys = events.samples[there].astype(np.int64) * different + numbers[said:][there]
    order = np.argsort(keys, kind="stable")
    keys, first = np.unique(keys[order], return_index=True)
    earliest = np.minimum.reduceat(events.question_turn[there][order], first)
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    earliest = columns.whole(earliest)
    own[turns.said_rows] = np.where(keys[place] == asked, earliest[place], NO_QUESTION)
    return own
