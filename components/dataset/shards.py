"""Turn rows into shards: read in a stream of whole samples, written in files that end on sample borders."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.core.errors import DataError
from components.protocol.tables import TURN_SCHEMA, parquet_writer

BATCH_ROWS = 1 << 16
GROUP_ROWS = 1 << 16
Codes = npt.NDArray[np.int64]


def plain(schema: pa.Schema) -> pa.Schema:
    """The schema with dictionary columns as plain text: tables are joined and cut without stale words."""
    return pa.schema(
        [
            field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
            for field in schema
        ]
    )


def whole_samples(path: Path, *, batch_rows: int = BATCH_ROWS) -> Iterator[tuple[pa.Table, Codes]]:
    """Parts of a turn table that hold whole samples, as plain text, with the row count of each sample.

    Raises:
        DataError: rows are not sorted by sample_id, or the rows of a sample do not stand together.

    """
    pending, last = plain(TURN_SCHEMA).empty_table(), ""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_rows, columns=TURN_SCHEMA.names):
            table = pa.concat_tables([pending, pa.Table.from_batches([batch]).cast(plain(TURN_SCHEMA))])
            starts = sample_starts(table)
            cut = int(starts[-1])  # the last sample may go on in the next batch
            if cut:
                last = check_sorted(table, starts[:-1], last, path)
                yield table.slice(0, cut), np.diff(starts)
            pending = table.slice(cut)
    if len(pending):
        check_sorted(pending, np.zeros(1, dtype=np.int64), last, path)
        yield pending, np.array([len(pending)], dtype=np.int64)


def sample_starts(table: pa.Table) -> Codes:
    """Row numbers at which another sample begins, 0 first (the table is not empty)."""
    codes = table.column("sample_id").combine_chunks().dictionary_encode().indices.to_numpy()
    return np.flatnonzero(np.diff(codes, prepend=-1)).astype(np.int64)


def check_sorted(table: pa.Table, starts: Codes, last: str, path: Path) -> str:
    """The last sample_id of `table`, if its samples rise from `last` on."""
    for name in table.column("sample_id").take(pa.array(starts)).to_pylist():
        if name <= last:
            raise DataError(f"{path}: sample {name!r} stands after {last!r}; sort rows by sample_id and turn")
        last = name
    return last


class Shards:
    """Writes whole samples into `folder/shard-000.parquet` and so on; there is always at least one shard.

    A shard holds at most `max_rows` rows, or one sample that is longer.
    """

    def __init__(self, folder: Path, max_rows: int):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.max_rows = folder, max_rows
        self.parts: list[pa.Table] = []
        self.rows = self.count = 0

    def add(self, table: pa.Table, lengths: Codes) -> None:
        """Append whole samples (plain text columns); `lengths` sums to the rows of `table`."""
        ends, done = np.cumsum(lengths), 0
        while done < len(table):
            fits = int(np.searchsorted(ends, done + self.max_rows - self.rows, side="right"))
            stop = int(ends[fits - 1]) if fits else 0
            if stop <= done and not self.rows:  # the next sample is longer than a shard
                stop = int(ends[np.searchsorted(ends, done, side="right")])
            if stop > done:
                self.parts.append(table.slice(done, stop - done))
                self.rows, done = self.rows + stop - done, stop
            else:
                self.flush()

    def flush(self) -> None:
        """Write what is held as the next shard."""
        table = pa.concat_tables([plain(TURN_SCHEMA).empty_table(), *self.parts]).combine_chunks()
        with parquet_writer(self.folder / f"shard-{self.count:03d}.parquet", TURN_SCHEMA) as out:
            out.write_table(table.cast(TURN_SCHEMA), row_group_size=GROUP_ROWS)
        self.parts, self.rows, self.count = [], 0, self.count + 1

    def close(self) -> None:
        """Write the last shard."""
        if self.rows or not self.count:
            self.flush()


def keep_samples(source: Path, target: Path, schema: pa.Schema, kept: pa.Array) -> int:
    """Copy the rows of `source` whose sample_id is in `kept`; returns how many."""
    rows = 0
    with pq.ParquetFile(source) as file, parquet_writer(target, schema) as out:
        for batch in file.iter_batches(BATCH_ROWS, columns=schema.names):
            table = pa.Table.from_batches([batch]).cast(plain(schema))
            table = table.filter(pc.is_in(table.column("sample_id"), value_set=kept)).combine_chunks()
            rows += len(table)
            out.write_table(table.cast(schema), row_group_size=GROUP_ROWS)
    return rows
