"""One file of frames: an Arrow IPC file with a row a second, of which a reader touches only what it asks for.

Columns: `second` (0 to turns - 1), `jpeg` (null: the picture of the row before is still on screen) and
`sha256` of the picture's bytes. What the frames are of stands in the schema's metadata.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from components.core.files import dumps
from components.core.hashing import sha256_bytes
from components.video.framestore.fidelity import Key

LAYOUT = b"streamo frames 1"
ROWS, BYTES = 256, 8 << 20  # of a batch: what a writer holds in memory
COLUMNS = [("second", pa.int32()), ("jpeg", pa.large_binary()), ("sha256", pa.binary(32))]


class NotTheseFramesError(ValueError):
    """The file does not hold what its name stands for, in words."""


def schema_of(key: Key) -> pa.Schema:
    """The schema of the file of `key`."""
    metadata = {b"layout": LAYOUT, b"frames": dumps(key.plain, indent=None).encode()}
    return pa.schema([pa.field(name, kind, name == "jpeg") for name, kind in COLUMNS], metadata=metadata)


def write_frames(path: Path, key: Key, pictures: Iterable[bytes]) -> None:
    """Write the frames to `path`, on disk when this returns; at most a batch of them is in memory.

    Args:
        path: overwritten.
        key: what they are of.
        pictures: the bytes of each second from 0 on.

    Raises:
        ValueError: they are not as many as `key.turns`.

    """
    schema, last, second = schema_of(key), b"", 0
    rows: list[tuple[int, bytes | None, bytes]] = []
    held = 0
    with path.open("wb") as stream, pa.ipc.new_file(stream, schema) as writer:
        for second, picture in enumerate(pictures, 1):
            digest = bytes.fromhex(sha256_bytes(picture))
            same = digest == last
            rows.append((second - 1, None if same else picture, digest))
            held, last = held + (0 if same else len(picture)), digest
            if len(rows) == ROWS or held >= BYTES:
                writer.write_batch(_batch(rows, schema))
                rows, held = [], 0
        if rows:
            writer.write_batch(_batch(rows, schema))
        if second != key.turns:
            raise ValueError(f"{second} pictures for {key.turns} seconds")
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _batch(rows: list[tuple[int, bytes | None, bytes]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(zip(*rows, strict=True), schema, strict=True)
    return pa.record_batch([pa.array(values, field.type) for values, field in columns], schema=schema)


class FrameFile:
    """An open file of frames; pictures are views of the mapped file and take no memory of their own.

    Raises:
        NotTheseFramesError: it is truncated, of another video or fidelity, or not such a file.
        FileNotFoundError: there is none.

    """

    def __init__(self, path: Path, key: Key):
        self.path, self.key = path, key
        try:
            with pa.memory_map(str(path)) as source:  # what is read of it stays mapped
                self._table = _read(source, key)
        except FileNotFoundError:
            raise
        except (pa.ArrowException, OSError) as error:
            raise NotTheseFramesError(f"no whole file of frames ({error})") from None
        seconds = self._table.column("second").to_numpy()
        if not np.array_equal(seconds, np.arange(key.turns)):
            raise NotTheseFramesError(f"it does not hold the seconds 0 to {key.turns - 1}, each once")
        new = ~self._table.column("jpeg").is_null().to_numpy()
        if not new[0]:
            raise NotTheseFramesError("no picture at second 0")
        self._place = np.maximum.accumulate(np.where(new, seconds, 0))
        batches = self._table.column("jpeg").chunks
        self._first = np.cumsum([0, *map(len, batches)])  # row of each batch
        self._jpeg = [_Views(batch) for batch in batches]

    def picture(self, second: int) -> memoryview:
        """The picture on screen at a second; NotTheseFramesError if its bytes do not have their SHA-256."""
        place = int(self._place[second])
        batch = int(np.searchsorted(self._first, place, "right")) - 1
        picture = self._jpeg[batch].view(place - int(self._first[batch]))
        if bytes.fromhex(sha256_bytes(picture)) != self._table.column("sha256")[second].as_py():
            raise NotTheseFramesError(f"the picture of second {second} does not have its SHA-256")
        return picture

    def check(self) -> None:
        """Check the picture of every second; NotTheseFramesError."""
        for second in range(self.key.turns):
            self.picture(second)


class _Views:
    """The pictures of a batch where they lie; Arrow's own scalars would copy each."""

    def __init__(self, batch: pa.Array):
        _, offsets, data = batch.buffers()
        self._offsets = np.frombuffer(offsets, np.int64)[batch.offset :]
        self._data = memoryview(b"" if data is None else data)

    def view(self, row: int) -> memoryview:
        return self._data[self._offsets[row] : self._offsets[row + 1]]


def _read(source: pa.NativeFile, key: Key) -> pa.Table:
    """The file's rows, their buffers within its bounds, without touching a picture."""
    reader = pa.ipc.open_file(source)
    expected = schema_of(key)
    if not reader.schema.equals(expected, check_metadata=True):
        raise NotTheseFramesError(f"its metadata is not {dumps(key.plain, indent=None).strip()}")
    table = reader.read_all()
    table.validate(full=True)
    return table
