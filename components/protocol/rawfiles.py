"""Raw labels in files, any number of them: an index in memory, the labels themselves read when they are used.

`.json` (a list, or one label), `.jsonl` (one a line) and `.parquet` (LABEL_SCHEMA, or the same names with
times as text). JSON stays on disk. Parquet is held as Arrow columns, about 60 bytes a response.
"""

import json
import os
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import DataError, UsageError
from components.protocol.batch import with_id
from components.protocol.jsonscan import scan
from components.protocol.labels import video_id

_TEXT, _TIME = pa.string(), pa.float64()
_QUESTION = pa.struct([pa.field("content", _TEXT), pa.field("time", _TIME)])
_RESPONSE = pa.struct(
    [pa.field("content", _TEXT), *(pa.field(name, _TIME) for name in ("st_time", "end_time", "time"))]
)
# A null time is an unused one.
LABEL_SCHEMA = pa.schema(
    [
        *(pa.field(name, _TEXT) for name in ("id", "video_name", "video_path", "task_type", "source")),
        pa.field("question", pa.list_(_QUESTION)),
        pa.field("response", pa.list_(_RESPONSE)),
    ]
)
VIDEO = ("video_name", "video_path")
HEAD = ("id", *VIDEO, "task_type")
BLOCK = 512


class Part(Protocol):
    """Some labels, as they are sent to another process."""

    @property
    def ids(self) -> list[str]:
        """The id of each."""

    def some(self, rows: Sequence[int]) -> "Part":
        """Those at these positions."""

    def labels(self) -> list[dict[str, Any]]:
        """The labels, each with its id."""


class RawLabels(Protocol):
    """All labels of some files: `ids`, `tasks` and `videos` by position, the labels by `part`.

    `typed`: they are columns of the types of LABEL_SCHEMA, so that most need not become Python objects.
    """

    ids: list[str]
    tasks: list[object]
    videos: list[str]
    typed: bool

    def part(self, order: Sequence[int]) -> Part:
        """The labels at these positions, in this order."""

    def close(self) -> None:
        """Close the files."""


def open_labels(paths: Sequence[Path], *, lists_only: bool = False) -> RawLabels:
    """Index files of raw labels; an id that a label lacks is `<task>-<video>-<n>`, n counted in its file.

    Raises:
        DataError: a file is missing or cannot be read; with `lists_only`, a JSON file that is no list.
        UsageError: parquet beside JSON.

    """
    parquet = [path for path in paths if path.suffix == ".parquet"]
    if parquet and len(parquet) < len(paths):
        raise UsageError(f"{parquet[0]}: give raw labels either as parquet or as JSON, not both")
    return ColumnLabels(parquet) if parquet else JsonLabels(paths, lists_only=lists_only)


def each(raw: RawLabels, order: Sequence[int]) -> Iterator[dict[str, Any]]:
    """The labels at these positions one by one, `BLOCK` of them in memory."""
    for first in range(0, len(order), BLOCK):
        yield from raw.part(order[first : first + BLOCK]).labels()


@dataclass(frozen=True, slots=True)
class JsonPart:
    """Labels as the bytes of their files."""

    ids: list[str]
    texts: list[bytes]

    def some(self, rows: Sequence[int]) -> "JsonPart":
        """Those at these positions."""
        return JsonPart([self.ids[row] for row in rows], [self.texts[row] for row in rows])

    def labels(self) -> list[dict[str, Any]]:
        """The labels, each with its id; what is no object is an empty label, which conversion refuses."""
        return [with_id(json.loads(text), own) for own, text in zip(self.ids, self.texts, strict=True)]


class JsonLabels:
    """JSON files that stay on disk: the place of every label is known."""

    typed = False

    def __init__(self, paths: Sequence[Path], *, lists_only: bool = False):
        self.ids, self.tasks, self.videos = list[str](), list[object](), list[str]()
        self._file, self._start, self._size = array("l"), array("q"), array("q")
        self._open: list[int] = []
        videos: dict[str, str] = {}  # one object a name, however many labels bear it
        try:
            for number, path in enumerate(paths):
                for position, span in enumerate(scan(path, lists_only=lists_only)):
                    label = with_id(span.value, position)
                    video = video_id(label)
                    self.ids.append(label["id"])
                    self.tasks.append(label.get("task_type"))
                    self.videos.append(videos.setdefault(video, video))
                    for column, value in (
                        (self._file, number),
                        (self._start, span.start),
                        (self._size, span.size),
                    ):
                        column.append(value)
                self._open.append(os.open(path, os.O_RDONLY))
        except BaseException:
            self.close()
            raise

    def part(self, order: Sequence[int]) -> JsonPart:
        """The labels at these positions, read now."""
        texts = [os.pread(self._open[self._file[row]], self._size[row], self._start[row]) for row in order]
        return JsonPart([self.ids[row] for row in order], texts)

    def close(self) -> None:
        """Close the files."""
        while self._open:
            os.close(self._open.pop())


@dataclass(frozen=True, slots=True)
class ColumnPart:
    """Labels as rows of a table."""

    ids: list[str]
    table: pa.Table

    def some(self, rows: Sequence[int]) -> "ColumnPart":
        """Those at these positions."""
        return ColumnPart([self.ids[row] for row in rows], self.table.take(pa.array(rows, pa.int64())))

    def videos(self) -> list[str]:
        """The video of each; empty where a label names none."""
        names = [name for name in VIDEO if name in self.table.column_names]
        return [video_id(row) for row in self.table.select(names).to_pylist()]

    def labels(self) -> list[dict[str, Any]]:
        """The labels, each with its id."""
        return [with_id(row, own) for own, row in zip(self.ids, self.table.to_pylist(), strict=True)]


class ColumnLabels:
    """Parquet files, held as Arrow columns."""

    def __init__(self, paths: Sequence[Path]):
        self.ids, self.tasks, self.videos = list[str](), list[object](), list[str]()
        tables = []
        for path in paths:
            tables.append(_read(path))
            names = [name for name in HEAD if name in tables[-1].column_names]
            for position, head in enumerate(tables[-1].select(names).to_pylist()):
                label = with_id(head, position)
                self.ids.append(label["id"])
                self.tasks.append(label.get("task_type"))
                self.videos.append(video_id(label))
        # In one piece: taking rows of a list column in pieces copies all of it, block after block.
        self._table = pa.concat_tables(tables, promote_options="default").combine_chunks()
        self.typed = is_typed(self._table)

    def part(self, order: Sequence[int]) -> ColumnPart:
        """The labels at these positions."""
        return ColumnPart([self.ids[row] for row in order], self._table.take(pa.array(order, pa.int64())))

    def close(self) -> None:
        """Nothing is open."""


def is_typed(table: pa.Table) -> bool:
    """Whether the times are numbers and the texts texts, as in LABEL_SCHEMA."""
    return all(
        name in table.column_names and table.schema.field(name).type == LABEL_SCHEMA.field(name).type
        for name in LABEL_SCHEMA.names
    )


def _read(path: Path) -> pa.Table:
    try:
        table = pq.read_table(path)
        table.validate(full=True)  # texts that are not UTF-8, too
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: not a readable parquet file ({error})") from None
    missing = [name for name in ("video_path", "question", "response") if name not in table.column_names]
    if missing:
        raise DataError(f"{path}: columns missing: {', '.join(missing)}; expected those of a raw label")
    return table
