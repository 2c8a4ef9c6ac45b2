"""Where the videos come from: `videos.parquet`, one row a video, and their count by source and licence."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from components.dataset.licences import UNKNOWN
from components.protocol.tables import parquet_writer
from components.video.manifest import Video

VIDEO_SCHEMA = pa.schema(
    [
        pa.field("video_id", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("duration_s", pa.float64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("licence", pa.string(), nullable=False),
        pa.field("sha256", pa.string(), nullable=False),
    ]
)


def write_videos(path: Path, side: Mapping[str, str], videos: Mapping[str, Video]) -> None:
    """Write the video table (VIDEO_SCHEMA), sorted by video_id: those of `side`, whose values are its splits.

    A source or licence that nobody stated reads `unknown`.
    """
    rows = [
        {
            "video_id": name,
            "split": split,
            "duration_s": videos[name].duration_s,
            "source": videos[name].source or UNKNOWN,
            "licence": videos[name].licence or UNKNOWN,
            "sha256": videos[name].sha256,
        }
        for name, split in sorted(side.items())
    ]
    with parquet_writer(path, VIDEO_SCHEMA) as out:
        out.write_table(pa.Table.from_pylist(rows, schema=VIDEO_SCHEMA))


def origins(videos: Sequence[Video]) -> list[dict[str, Any]]:
    """Videos and seconds by source and licence, sorted by both."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for video in videos:
        found[video.source or UNKNOWN, video.licence or UNKNOWN].append(video.duration_s)
    return [
        {"source": source, "licence": licence, "videos": len(lengths), "seconds": round(sum(lengths), 3)}
        for (source, licence), lengths in sorted(found.items())
    ]
