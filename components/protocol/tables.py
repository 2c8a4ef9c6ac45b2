"""The turn table and the event table: Arrow columns on disk, dialogues in memory one at a time."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import DataError
from components.protocol.states import LABELS, STATES, State
from components.protocol.turns import Dialogue, Event, Turn, plain_turn
from components.protocol.whole import whole_file

_WORD = pa.dictionary(pa.int32(), pa.string())

TURN_SCHEMA = pa.schema(
    [
        pa.field("sample_id", _WORD, nullable=False),
        pa.field("video_id", _WORD, nullable=False),
        pa.field("video_duration_s", pa.float64(), nullable=False),
        pa.field("task", _WORD, nullable=False),
        pa.field("source", _WORD, nullable=False),
        pa.field("turn", pa.int32(), nullable=False),
        pa.field("start_s", pa.float64(), nullable=False),
        pa.field("end_s", pa.float64(), nullable=False),
        pa.field("question", pa.list_(pa.string()), nullable=False),
        pa.field("state", _WORD, nullable=False),
        pa.field("text", pa.string()),
    ]
)
EVENT_SCHEMA = pa.schema(
    [
        pa.field("sample_id", _WORD, nullable=False),
        pa.field("start_s", pa.float64(), nullable=False),
        pa.field("end_s", pa.float64(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("question_turn", pa.int32(), nullable=False),
    ]
)
DIALOGUES_A_GROUP = 512  # one row group: about 50,000 turns at the paper's 100 turns a sample
ROWS_A_BATCH = 65536
_CODE = {state: code for code, state in enumerate(STATES)}
_STATE = dict(zip(LABELS, STATES, strict=True))


def writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A parquet writer with fixed options and no metadata of its own: same rows, same bytes."""
    return pq.ParquetWriter(
        path, schema, version="2.6", compression="zstd", compression_level=3, use_dictionary=True,
        write_statistics=True, data_page_version="1.0", store_schema=True,
    )  # fmt: skip


def write_turns(path: Path, dialogues: Iterable[Dialogue]) -> int:
    """Stream dialogues into a turn table in the order given (sort by sample_id first); returns the rows written.

    A quarantined dialogue (no turns) adds no row.
    """
    rows = 0
    with whole_file(path) as temporary, writer(temporary, TURN_SCHEMA) as out:
        for group in _groups(dialogues):
            table = turn_table(group)
            out.write_table(table, row_group_size=max(1, table.num_rows))
            rows += table.num_rows
    return rows


def write_events(path: Path, dialogues: Iterable[Dialogue]) -> int:
    """Stream the placed responses of dialogues into an event table; returns the rows written."""
    rows = 0
    with whole_file(path) as temporary, writer(temporary, EVENT_SCHEMA) as out:
        for group in _groups(dialogues):
            table = event_table(group)
            out.write_table(table, row_group_size=max(1, table.num_rows))
            rows += table.num_rows
    return rows


def _groups(dialogues: Iterable[Dialogue]) -> Iterator[list[Dialogue]]:
    source = iter(dialogues)
    while group := list(islice(source, DIALOGUES_A_GROUP)):
        yield group


def turn_table(dialogues: Sequence[Dialogue]) -> pa.Table:
    """The rows of some dialogues as one Arrow table (TURN_SCHEMA), built column by column."""
    lengths = np.array([len(dialogue.turns) for dialogue in dialogues], dtype=np.int64)
    turns = [turn for dialogue in dialogues for turn in dialogue.turns]
    index = np.array([turn.turn for turn in turns], dtype=np.int32)
    offsets = np.concatenate([[0], np.cumsum([len(turn.questions) for turn in turns])]).astype(np.int32)
    questions = pa.array([question for turn in turns for question in turn.questions], pa.string())
    states = pa.array(np.array([_CODE[turn.state] for turn in turns], dtype=np.int32))
    columns = {
        "sample_id": _repeat([dialogue.sample_id for dialogue in dialogues], lengths),
        "video_id": _repeat([dialogue.video_id for dialogue in dialogues], lengths),
        "video_duration_s": pa.array(
            np.repeat([float(dialogue.duration_s) for dialogue in dialogues], lengths)
        ),
        "task": _repeat([dialogue.task for dialogue in dialogues], lengths),
        "source": _repeat([dialogue.source for dialogue in dialogues], lengths),
        "turn": pa.array(index),
        "start_s": pa.array(index.astype(np.float64)),
        "end_s": pa.array(index.astype(np.float64) + 1.0),
        "question": pa.ListArray.from_arrays(pa.array(offsets), questions),
        "state": pa.DictionaryArray.from_arrays(states, pa.array(LABELS)),
        "text": pa.array([turn.text for turn in turns], pa.string()),
    }
    return pa.table([columns[name] for name in TURN_SCHEMA.names], schema=TURN_SCHEMA)


def event_table(dialogues: Sequence[Dialogue]) -> pa.Table:
    """The placed responses of some dialogues as one Arrow table (EVENT_SCHEMA)."""
    events = [event for dialogue in dialogues for event in dialogue.events]
    lengths = np.array([len(dialogue.events) for dialogue in dialogues], dtype=np.int64)
    columns = [
        _repeat([dialogue.sample_id for dialogue in dialogues], lengths),
        pa.array([event.start_s for event in events], pa.float64()),
        pa.array([event.end_s for event in events], pa.float64()),
        pa.array([event.text for event in events], pa.string()),
        pa.array([event.question_turn for event in events], pa.int32()),
    ]
    return pa.table(columns, schema=EVENT_SCHEMA)


def _repeat(words: Sequence[str], lengths: np.ndarray[Any, Any]) -> pa.DictionaryArray:
    """Word i repeated lengths[i] times, dictionary encoded in the order of first appearance."""
    codes: dict[str, int] = {}
    indices = np.array([codes.setdefault(word, len(codes)) for word in words], dtype=np.int32)
    return pa.DictionaryArray.from_arrays(
        pa.array(np.repeat(indices, lengths)), pa.array(list(codes), pa.string())
    )


def read_samples(paths: Path | str | Iterable[Path | str]) -> Iterator[Dialogue]:
    """Dialogues of one or more turn tables, one at a time; their events, quarantine and counts are empty.

    Raises:
        DataError: a file is no turn table, or its rows are not sorted by (sample_id, turn).

    """
    for path in [paths] if isinstance(paths, Path | str) else paths:
        yield from _read_file(Path(path))


def _read_file(path: Path) -> Iterator[Dialogue]:
    current: Dialogue | None = None
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: not a readable parquet file ({error})") from None
    with file:
        missing = [name for name in TURN_SCHEMA.names if name not in file.schema_arrow.names]
        if missing:
            raise DataError(f"{path}: not a turn table, columns missing: {', '.join(missing)}")
        for batch in file.iter_batches(batch_size=ROWS_A_BATCH, columns=TURN_SCHEMA.names):
            for part in _split(batch):
                if current is not None and part.sample_id == current.sample_id:
                    current.turns.extend(part.turns)
                    continue
                if current is not None:
                    yield current
                    if part.sample_id < current.sample_id:
                        raise DataError(
                            f"{path}: rows are not sorted: {part.sample_id!r} after {current.sample_id!r}"
                        )
                current = part
    if current is not None:
        yield current


def _split(batch: pa.RecordBatch) -> Iterator[Dialogue]:
    """The dialogues, or parts of dialogues, in one record batch."""
    column = {
        name: batch.column(name).to_pylist() for name in TURN_SCHEMA.names if name not in ("start_s", "end_s")
    }
    ids = column["sample_id"]
    start = 0
    for stop in range(1, len(ids) + 1):
        if stop < len(ids) and ids[stop] == ids[start]:
            continue
        head = {name: column[name][start] for name in ("video_id", "task", "source", "video_duration_s")}
        rows = zip(*(column[name][start:stop] for name in ("turn", "question", "state", "text")), strict=True)
        turns = [_turn(*row) for row in rows]
        yield Dialogue(
            ids[start], head["video_id"], head["task"], head["source"], head["video_duration_s"], turns
        )
        start = stop


def _turn(turn: int, questions: list[str], label: str, text: str | None) -> Turn:
    state: State = _STATE[label]
    if not questions and text is None:
        return plain_turn(turn, state)
    return Turn(turn, tuple(questions), state, text)


def read_events(paths: Path | str | Iterable[Path | str]) -> Iterator[tuple[str, Event]]:
    """(sample_id, event) pairs of one or more event tables, lazily, in file order."""
    for path in [paths] if isinstance(paths, Path | str) else paths:
        with pq.ParquetFile(Path(path)) as file:
            for batch in file.iter_batches(batch_size=ROWS_A_BATCH, columns=EVENT_SCHEMA.names):
                for row in zip(*(batch.column(name).to_pylist() for name in EVENT_SCHEMA.names), strict=True):
                    yield row[0], Event(*row[1:])
