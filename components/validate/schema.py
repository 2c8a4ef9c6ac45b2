"""Whether a parquet file has the columns the gate reads, with types it can read; errors name the column."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from components.core.errors import DataError

Check = tuple[str, Callable[[pa.DataType], bool]]


def _plain(dtype: pa.DataType) -> pa.DataType:
    return dtype.value_type if pt.is_dictionary(dtype) else dtype


def _is_text(dtype: pa.DataType) -> bool:
    plain = _plain(dtype)
    return bool(pt.is_string(plain) or pt.is_large_string(plain))


def _is_text_or_null(dtype: pa.DataType) -> bool:
    return _is_text(dtype) or pt.is_null(dtype)  # a column of nothing but null has no other type


def _is_number(dtype: pa.DataType) -> bool:
    return bool(pt.is_floating(dtype) or pt.is_integer(dtype))


def _is_text_list(dtype: pa.DataType) -> bool:
    is_list = pt.is_list(dtype) or pt.is_large_list(dtype)
    return is_list and _is_text_or_null(dtype.value_type)


TEXT: Check = ("text", _is_text)
TEXT_OR_NULL: Check = ("text", _is_text_or_null)
NUMBER: Check = ("a number", _is_number)
WHOLE: Check = ("a whole number", pt.is_integer)
TEXT_LIST: Check = ("a list of text", _is_text_list)

TURN_COLUMNS: dict[str, Check] = {
    "sample_id": TEXT,
    "video_id": TEXT,
    "video_duration_s": NUMBER,
    "task": TEXT,
    "turn": WHOLE,
    "start_s": NUMBER,
    "end_s": NUMBER,
    "question": TEXT_LIST,
    "state": TEXT_OR_NULL,
    "text": TEXT_OR_NULL,
}
EVENT_COLUMNS: dict[str, Check] = {"sample_id": TEXT, "start_s": NUMBER, "end_s": NUMBER}
VIDEO_COLUMNS: dict[str, Check] = {"video_id": TEXT}


def open_table(path: Path, columns: dict[str, Check]) -> pq.ParquetFile:
    """Open a parquet file and check its columns.

    Raises:
        DataError: no such file, no parquet file, a column missing or of a wrong type (named).

    """
    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path}: not a readable parquet file ({error})") from None
    schema = file.schema_arrow
    for name, (words, fits) in columns.items():
        if schema.names.count(name) != 1:
            fault = "stands twice" if name in schema.names else "is missing"
            raise DataError(f"{path}: column {name!r} {fault}; expected {', '.join(columns)}")
        found = schema.field(name).type
        if not fits(found):
            raise DataError(f"{path}: column {name!r} has type {found}, expected {words}")
    return file
