"""Arrow columns to compact numpy columns: what the rules need of 50 million turns in about 2 GB."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from components.core.errors import DataError
from components.protocol.states import contains_state_token

ROWS = 1 << 20


class Coder:
    """Numbers the distinct texts of one column across batches, in order of appearance; null is -1."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}

    def codes(self, column: pa.Array) -> np.ndarray:
        """(N,) int32 codes of one batch of a text or dictionary column."""
        words = encoded(column)
        table = np.array([*map(self._code, words.dictionary.to_pylist()), -1], dtype=np.int32)
        # A null row has index -1 and so reads the last entry of the table.
        indices: np.ndarray = words.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        codes: np.ndarray = table[indices]
        return codes

    def _code(self, text: str | None) -> int:
        return -1 if text is None else self.index.setdefault(text, len(self.index))

    def categorical(self, codes: np.ndarray) -> pd.Categorical:
        """The texts behind `codes` as a pandas categorical (4 bytes a row)."""
        return pd.Categorical.from_codes(codes, categories=pd.Index(list(self.index), dtype=object))


def encoded(column: pa.Array) -> pa.DictionaryArray:
    """A text column dictionary encoded, if it is not already."""
    return column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)


def plain(column: pa.Array) -> pa.Array:
    """A text column without dictionary, as texts of any length."""
    return _decoded(column).cast(pa.large_string())


def there(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """(N,) bool: the value is not null."""
    return np.asarray(column.is_valid())


def lookup(table: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """(N,) `table[codes]`, some rows at a time: numpy would first make 8 bytes of each code."""
    out = np.empty(len(codes), dtype=table.dtype)
    for first in range(0, len(codes), ROWS):
        out[first : first + ROWS] = table[codes[first : first + ROWS]]
    return out


def first_values(codes: np.ndarray, values: np.ndarray, table: np.ndarray) -> None:
    """Set `table[code]` to the value in the first row of each code, some rows at a time."""
    for stop in range(len(codes), 0, -ROWS):
        part = slice(max(0, stop - ROWS), stop)
        table[codes[part][::-1]] = values[part][::-1]  # of equal indices the last assignment stays


def numbers(column: pa.Array, name: str, path: Path) -> np.ndarray:
    """(N,) float64 values of a number column; one that is null or not finite is a DataError naming it."""
    # null -> NaN; whole numbers that a double cannot hold are rounded: no rule takes them for small ones
    values: np.ndarray = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        first = column[int(bad[0])]
        raise DataError(f"{path}: column {name!r} has {len(bad)} values that are not finite, first {first}")
    return values


def whole(values: np.ndarray) -> np.ndarray:
    """(N,) the values as int32; one beyond its range becomes its end, never another number."""
    ends = np.iinfo(np.int32)
    small: np.ndarray = np.clip(values, ends.min, ends.max).astype(np.int32)
    return small


def full(codes: np.ndarray, name: str, path: Path) -> np.ndarray:
    """`codes` again, if none is null; the column is named if one is."""
    missing = int((codes < 0).sum())
    if missing:
        raise DataError(f"{path}: column {name!r} is null in {missing} rows; every row needs one")
    return codes


def has_text(column: pa.Array) -> np.ndarray:
    """(N,) bool: the value is neither null nor blank."""
    if pa.types.is_null(column.type):
        return np.zeros(len(column), dtype=bool)
    return _mask(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(_decoded(column))), 0))


def has_question(column: pa.Array) -> np.ndarray:
    """(N,) bool: the list holds at least one question, neither null nor blank."""
    found = np.zeros(len(column), dtype=bool)
    parents = pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
    found[parents[has_text(pc.list_flatten(column))]] = True
    return found


def has_token(text: pa.Array, question: pa.Array) -> np.ndarray:
    """(N,) bool: the row's text or one of its questions spells a state token."""
    found = _token_mask(text)
    parents = pc.list_parent_indices(question).to_numpy(zero_copy_only=False)
    found[parents[_token_mask(pc.list_flatten(question))]] = True
    return found


def _token_mask(column: pa.Array) -> np.ndarray:
    found = np.zeros(len(column), dtype=bool)
    if pa.types.is_null(column.type):
        return found
    column = _decoded(column)
    # Every spelling begins with "<", so the exact (and slow) test runs on the few rows that have one.
    for row in np.flatnonzero(_mask(pc.match_substring(column, "<"))):
        found[row] = contains_state_token(column[int(row)].as_py())
    return found


def _decoded(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _mask(values: Any) -> np.ndarray:
    mask: np.ndarray = values.fill_null(False).to_numpy(zero_copy_only=False)
    return mask.astype(bool)
