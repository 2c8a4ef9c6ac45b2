"""`manifest.parquet`: one row per usable video (docs/architecture.md)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

BENCHMARK, CORPUS = "benchmark", "corpus"
ARROW: dict[Any, pa.DataType] = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_()}


@dataclass(frozen=True)
class Video:
    """A usable video; the fields are those of `Probe`, with the role, origin and licence beside them."""

    video_id: str
    duration_s: float
    frames: int
    fps: float
    variable_rate: bool
    rotation: int
    width: int
    height: int
    codec: str
    sha256: str
    role: str
    source: str
    licence: str
    note: str


SCHEMA = pa.schema([pa.field(field.name, ARROW[field.type], nullable=False) for field in fields(Video)])


def write_manifest(path: Path, videos: Sequence[Video]) -> None:
    """Write the rows sorted by video_id; the same rows give the same bytes."""
    rows = [asdict(video) for video in sorted(videos, key=lambda video: video.video_id)]
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path, compression="zstd")


def read_manifest(path: Path, *, role: str | None = None) -> list[Video]:
    """The rows, in order of video_id; only those of one role if it is given."""
    rows = pq.read_table(path, schema=SCHEMA).to_pylist()
    return [Video(**row) for row in rows if role is None or row["role"] == role]
