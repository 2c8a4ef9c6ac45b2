"""The turn table -> compact numpy columns, row groups side by side on every core."""

import os
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from components.protocol.states import LABELS
from components.validate import columns
from components.validate.schema import TEXT, TURN_COLUMNS, open_table

BATCH_ROWS = 1 << 18
# Column of the turn frame: column of the file.
CODED = {"sample": "sample_id", "video": "video_id", "task": "task"}
SOURCE = {"source": "source"}  # not every table has it; then no rule asks for it
NUMBERS = {"turn": "turn", "start_s": "start_s", "end_s": "end_s", "duration_s": "video_duration_s"}
KINDS: dict[str, type] = {
    "turn": np.int32,
    **dict.fromkeys(("start_s", "end_s", "duration_s"), np.float64),
    "state": np.int8,
    **dict.fromkeys(("has_text", "has_question", "has_token"), np.bool_),
}


@dataclass(frozen=True)
class Turns:
    """The turn frame without joined columns, the numbers of its samples, and what its Responses say.

    `said_rows` (M,) int64 and `said` (M texts) are the Responses with a text; both empty if not asked for.
    """

    frame: pd.DataFrame
    samples: columns.Coder
    said_rows: np.ndarray
    said: pa.ChunkedArray


@dataclass(frozen=True)
class _Part:
    """What a batch leaves to be done in file order: its words, and the texts of its Responses."""

    start: int
    words: dict[str, pa.Array]
    rows: np.ndarray
    said: pa.Array


def read_turns(path: Path, *, with_texts: bool) -> Turns:
    """Read a turn table; DataError names the file and the column that cannot be read."""
    file = open_table(path, TURN_COLUMNS)
    coded = dict(CODED)
    if "source" in file.schema_arrow.names:
        open_table(path, {"source": TEXT})
        coded |= SOURCE
    count = file.metadata.num_rows
    whole = {name: np.empty(count, dtype=kind) for name, kind in KINDS.items()}
    codes = {name: np.empty(count, dtype=np.int32) for name in coded}
    coders = {name: columns.Coder() for name in coded}
    rows, said = [np.empty(0, dtype=np.int64)], [pa.array([], pa.large_string())]
    for part in _parts(path, file.metadata, whole, coded, with_texts=with_texts):
        for name, column in coded.items():
            found = columns.full(coders[name].codes(part.words[name]), column, path)
            codes[name][part.start : part.start + len(found)] = found
        rows.append(part.rows)
        said.append(part.said)
    words = {name: coders[name].categorical(codes.pop(name)) for name in coded}
    frame = pd.DataFrame({**words, **whole}, copy=False)
    return Turns(frame, coders["sample"], np.concatenate(rows), pa.chunked_array(said))


def _parts(
    path: Path,
    metadata: pq.FileMetaData,
    whole: dict[str, np.ndarray],
    coded: dict[str, str],
    *,
    with_texts: bool,
) -> Iterator[_Part]:
    """The batches of the file in order; each core reads some row groups and fills their rows of `whole`."""
    own = threading.local()

    def read(start: int, groups: list[int]) -> list[_Part]:
        if not hasattr(own, "file"):  # a reader belongs to one thread
            own.file = pq.ParquetFile(path, metadata=metadata)
        parts = []
        names = list({**TURN_COLUMNS, **dict.fromkeys(coded.values())})
        for batch in own.file.iter_batches(BATCH_ROWS, row_groups=groups, columns=names, use_threads=False):
            parts.append(_read_batch(path, batch, start, whole, coded, with_texts))
            start += len(batch)
        return parts

    cores = len(os.sched_getaffinity(0))
    waiting: deque[Future[list[_Part]]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        for start, groups in _row_groups(metadata):
            waiting.append(pool.submit(read, start, groups))
            if len(waiting) > 2 * cores:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _row_groups(metadata: pq.FileMetaData) -> Iterator[tuple[int, list[int]]]:
    """First row and numbers of neighbouring row groups, about a batch of rows at a time."""
    first, rows, groups = 0, 0, list[int]()
    for group in range(metadata.num_row_groups):
        groups.append(group)
        rows += metadata.row_group(group).num_rows
        if rows >= BATCH_ROWS:
            yield first, groups
            first, rows, groups = first + rows, 0, []
    if groups:
        yield first, groups


def _read_batch(
    path: Path,
    batch: pa.RecordBatch,
    start: int,
    whole: dict[str, np.ndarray],
    coded: dict[str, str],
    with_texts: bool,
) -> _Part:
    """Fill the rows of one batch, which begins at row `start`."""
    rows = slice(start, start + len(batch))
    for name, column in NUMBERS.items():
        values = columns.numbers(batch.column(column), column, path)
        whole[name][rows] = columns.whole(values) if KINDS[name] is np.int32 else values
    text, question = batch.column("text"), batch.column("question")
    state = _state_codes(batch.column("state"))
    whole["state"][rows] = state
    whole["has_text"][rows] = columns.has_text(text)
    whole["has_question"][rows] = columns.has_question(question)
    whole["has_token"][rows] = columns.has_token(text, question)
    words = {name: columns.encoded(batch.column(column)) for name, column in coded.items()}
    is_said = (state == LABELS.index("response")) & columns.there(text) if with_texts else []
    said = np.flatnonzero(is_said)
    return _Part(start, words, said + start, columns.plain(text).take(pa.array(said, pa.int64())))


def _state_codes(column: pa.Array) -> np.ndarray:
    """(N,) int8 index into LABELS; -1 for null and for any other word."""
    if pa.types.is_null(column.type):
        return np.full(len(column), -1, dtype=np.int8)
    coder = columns.Coder()
    codes = coder.codes(column)
    known = [LABELS.index(word) if word in LABELS else -1 for word in coder.index]
    states: np.ndarray = np.array([*known, -1], dtype=np.int8)[codes]
    return states
