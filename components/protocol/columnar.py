"""Placed samples -> Arrow columns: a turn costs a byte of Python and some numpy, never an object.

They equal `columns.turn_table` of the same samples spelled out, value for
value (tests/property/test_columnar.py).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from components.protocol.columns import TURN_SCHEMA, repeat_words
from components.protocol.placed import Placed
from components.protocol.states import LABELS

Array = np.ndarray[Any, Any]


def turn_columns(samples: Sequence[Placed]) -> pa.Table:
    """The turns of some samples as one Arrow table (TURN_SCHEMA); a quarantined one adds no row."""
    lengths = np.array([len(placed.states) for placed in samples], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    states = np.frombuffer(b"".join(placed.states for placed in samples), dtype=np.uint8)
    index = (np.arange(len(states)) - np.repeat(starts, lengths)).astype(np.int32)
    heads = [placed.head for placed in samples]
    columns = {
        "sample_id": repeat_words([head.sample_id for head in heads], lengths),
        "video_id": repeat_words([head.video_id for head in heads], lengths),
        "video_duration_s": pa.array(
            np.repeat(np.array([head.duration_s for head in heads], dtype=np.float64), lengths)
        ),
        "task": repeat_words([head.task for head in heads], lengths),
        "source": repeat_words([head.source for head in heads], lengths),
        "turn": pa.array(index),
        "start_s": pa.array(index.astype(np.float64)),
        "end_s": pa.array(index.astype(np.float64) + 1.0),
        "question": _questions(samples, starts, len(states)),
        "state": pa.DictionaryArray.from_arrays(pa.array(states.astype(np.int32)), pa.array(LABELS)),
        "text": _texts(samples, starts, len(states)),
    }
    return pa.table([columns[name] for name in TURN_SCHEMA.names], schema=TURN_SCHEMA)


def _questions(samples: Sequence[Placed], starts: Array, rows: int) -> pa.ListArray:
    """(rows,) the questions asked on each turn, an empty list where none."""
    asked = [
        (start + turn, placed.questions[turn])
        for start, placed in zip(starts.tolist(), samples, strict=True)
        for turn in sorted(placed.questions)
    ]
    counts = np.zeros(rows + 1, dtype=np.int64)
    counts[np.array([row + 1 for row, _ in asked], dtype=np.int64)] = [len(several) for _, several in asked]
    offsets = pa.array(np.cumsum(counts).astype(np.int32))
    texts = pa.array([text for _, several in asked for text in several], pa.string())
    return pa.ListArray.from_arrays(offsets, texts)


def _texts(samples: Sequence[Placed], starts: Array, rows: int) -> pa.StringArray:
    """(rows,) the text of each Response, null elsewhere."""
    said = [
        (start + turn, placed.texts[turn])
        for start, placed in zip(starts.tolist(), samples, strict=True)
        for turn in sorted(placed.texts)
    ]
    where = np.full(rows, -1, dtype=np.int32)
    where[np.array([row for row, _ in said], dtype=np.int64)] = np.arange(len(said), dtype=np.int32)
    return pa.array([text for _, text in said], pa.string()).take(pa.array(where, mask=where < 0))
