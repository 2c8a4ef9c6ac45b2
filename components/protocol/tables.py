"""The turn table and the event table on disk: written in a stream, read one dialogue at a time."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.core.errors import DataError
from components.protocol.columns import EVENT_SCHEMA, TURN_SCHEMA, event_table, turn_table
from components.protocol.states import LABELS, STATES
from components.protocol.turns import Dialogue, Event, Turn, plain_turn
from components.protocol.whole import whole_file

__all__ = [
    "EVENT_SCHEMA",
    "TURN_SCHEMA",
    "GroupWriter",
    "parquet_writer",
    "read_events",
    "read_samples",
    "write_events",
    "write_turns",
]

DIALOGUES_A_GROUP = 512  # one row group: about 50,000 turns at the paper's 100 turns a sample
ROWS_A_BATCH = 65536
_STATE = dict(zip(LABELS, STATES, strict=True))
_PARTS = ("video_id", "task", "source", "video_duration_s")

Paths = Path | str | Iterable[Path | str]


def parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer with every option that shapes bytes spelled out: same rows, same bytes."""
    return pq.ParquetWriter(
        path,
        schema,
        version="2.6",
        compression="zstd",
        compression_level=3,
        use_dictionary=True,
        write_statistics=True,
        data_page_version="1.0",
        store_schema=True,
    )


def write_turns(path: Path, dialogues: Iterable[Dialogue], *, events: Path | None = None) -> int:
    """Stream dialogues into a turn table and, where given, their placed responses into table `events`.

    Rows stand in the order given: sort by sample_id first, `read_samples` refuses others. A quarantined
    dialogue adds no row. Files appear whole or not at all. Returns the turns written.
    """
    rows = 0
    with ExitStack() as stack:
        turns = GroupWriter(stack, path, TURN_SCHEMA)
        told = None if events is None else GroupWriter(stack, events, EVENT_SCHEMA)
        source = iter(dialogues)
        while group := list(islice(source, DIALOGUES_A_GROUP)):
            turns.write(turn_table(group))
            if told is not None:
                told.write(event_table(group))
            rows += sum(len(dialogue.turns) for dialogue in group)
    return rows


def write_events(path: Path, dialogues: Iterable[Dialogue]) -> None:
    """Stream the placed responses of dialogues into an event table."""
    with ExitStack() as stack:
        target = GroupWriter(stack, path, EVENT_SCHEMA)
        source = iter(dialogues)
        while group := list(islice(source, DIALOGUES_A_GROUP)):
            target.write(event_table(group))


class GroupWriter:
    """One output file, whole or not at all: each table given is one row group, an empty one is none."""

    def __init__(self, stack: ExitStack, path: Path, schema: pa.Schema):
        self.out = stack.enter_context(parquet_writer(stack.enter_context(whole_file(path)), schema))

    def write(self, table: pa.Table) -> None:
        """Append a row group."""
        if table.num_rows:
            self.out.write_table(table, row_group_size=table.num_rows)


def read_samples(paths: Paths) -> Iterator[Dialogue]:
    """Dialogues of one or more turn tables, one at a time; their events, quarantine and counts are empty.

    Raises:
        DataError: a file is no turn table, a state is unknown, or rows are not sorted by (sample_id, turn).

    """
    for path in _each(paths):
        current: Dialogue | None = None
        for part in _parts(path):
            if current is None or part.sample_id != current.sample_id:
                if current is not None:
                    yield current
                    if part.sample_id < current.sample_id:
                        found = f"{part.sample_id!r} after {current.sample_id!r}"
                        raise DataError(
                            f"{path}: rows are not sorted by sample_id: {found}; sort the table first"
                        )
                current = part
                continue
            _check_order(path, part.sample_id, current.turns[-1].turn, part.turns[0].turn)
            current.turns.extend(part.turns)
        if current is not None:
            yield current


def read_events(paths: Paths) -> Iterator[tuple[str, Event]]:
    """(sample_id, event) pairs of one or more event tables, lazily, in file order."""
    for path in _each(paths):
        for batch in _batches(path, EVENT_SCHEMA):
            for row in zip(*(batch.column(name).to_pylist() for name in EVENT_SCHEMA.names), strict=True):
                yield row[0], Event(*row[1:])


def _each(paths: Paths) -> list[Path]:
    return [Path(paths)] if isinstance(paths, Path | str) else [Path(path) for path in paths]


def _batches(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: not a readable parquet file ({error})") from None
    with file:
        missing = [name for name in schema.names if name not in file.schema_arrow.names]
        if missing:
            raise DataError(
                f"{path}: columns missing: {', '.join(missing)}; expected {', '.join(schema.names)}"
            )
        yield from file.iter_batches(batch_size=ROWS_A_BATCH, columns=schema.names)


def _check_order(path: Path, sample_id: str, before: int, after: int) -> None:
    if after <= before:
        found = f"turn {after} after turn {before}"
        raise DataError(f"{path}: turns of {sample_id!r} are not sorted: {found}; sort the table first")


def _parts(path: Path) -> Iterator[Dialogue]:
    """The dialogues, or parts of dialogues, of each record batch."""
    for batch in _batches(path, TURN_SCHEMA):
        for name in ("sample_id", "turn", *_PARTS):
            if batch.column(name).null_count:
                raise DataError(f"{path}: column {name!r} has empty values; every row needs one")
        turns = _turns(path, batch)
        codes, ids = _words(batch.column("sample_id"))
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        numbers = batch.column("turn").to_numpy(zero_copy_only=False)
        for row in np.flatnonzero((np.diff(codes) == 0) & (np.diff(numbers) <= 0))[:1]:
            _check_order(path, str(ids[codes[row]]), numbers[row], numbers[row + 1])
        heads = batch.select(_PARTS).take(pa.array(starts)).to_pylist()
        stops = [*starts[1:].tolist(), len(turns)]
        for start, stop, head in zip(starts.tolist(), stops, heads, strict=True):
            video_id, task, source, duration_s = (head[name] for name in _PARTS)
            yield Dialogue(str(ids[codes[start]]), video_id, task, source, duration_s, turns[start:stop])


def _turns(path: Path, batch: pa.RecordBatch) -> list[Turn]:
    """The turns of a batch; only those with a question or a text are built one by one."""
    codes, labels = _words(batch.column("state"))
    if unknown := sorted({str(labels[code]) for code in np.unique(codes)} - set(LABELS)):
        raise DataError(f"{path}: unknown state {unknown[0]!r}; expected one of {', '.join(LABELS)}")
    numbers = batch.column("turn").to_pylist()
    turns = list(map(plain_turn, numbers, [_STATE[labels[code]] for code in codes.tolist()]))
    asked = pc.greater(pc.fill_null(pc.list_value_length(batch.column("question")), 0), 0)
    rows = np.flatnonzero(pc.or_(asked, batch.column("text").is_valid()).to_numpy(zero_copy_only=False))
    spoken = batch.select(["question", "text"]).take(pa.array(rows)).to_pylist()
    for row, values in zip(rows.tolist(), spoken, strict=True):
        turns[row] = Turn(numbers[row], tuple(values["question"] or ()), turns[row].state, values["text"])
    return turns


def _words(column: pa.Array) -> tuple[npt.NDArray[np.int32], list[str | None]]:
    """(N,) codes of a text column and the texts behind them; a null row's text is None."""
    encoded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    words = encoded.dictionary.to_pylist()
    codes = encoded.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)
    return codes.astype(np.int32), [*words, None]
