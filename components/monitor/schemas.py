"""The two tables of artifacts/features."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

TEXT, REAL, WHOLE = pa.string(), pa.float64(), pa.int64()


def _schema(columns: Mapping[str, pa.DataType], optional: Sequence[str] = ()) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=name in optional) for name, kind in columns.items()])


SAMPLE_SCHEMA = _schema(
    {
        "sample_id": TEXT,
        "video_id": TEXT,
        "task": TEXT,
        "source": TEXT,
        "duration_s": REAL,
        "turns": WHOLE,
        "silence": REAL,
        "standby": REAL,
        "response": REAL,
        "responses": WHOLE,
        "first_response_turn": WHOLE,
        "turns_to_response": WHOLE,
        "answer_tokens": REAL,
        "answer_characters": REAL,
        "gap_turns": REAL,
    },
    optional=(
        "first_response_turn",
        "turns_to_response",
        "answer_tokens",
        "answer_characters",
        "gap_turns",
    ),
)
VIDEO_SCHEMA = _schema(
    {
        "video_id": TEXT,
        "source": TEXT,
        "duration_s": REAL,
        "fps": REAL,
        "width": WHOLE,
        "height": WHOLE,
        "brightness": REAL,
        "contrast": REAL,
        "saturation": REAL,
        "frame_difference": REAL,
    }
)


def rows_table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as an Arrow table with exactly the columns of the schema."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
