"""The body of stage `features`: samples.parquet, videos.parquet and summary.json."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from components.core.errors import DataError, UsageError
from components.core.files import write_json
from components.core.progress import track
from components.monitor.dialogues import sample_features
from components.monitor.pictures import Look, look_at
from components.monitor.schemas import SAMPLE_SCHEMA, VIDEO_SCHEMA, rows_table
from components.protocol.tables import parquet_writer, read_samples
from components.video.manifest import BENCHMARK, Video, read_manifest
from components.video.root import MediaRoot

ROWS_A_GROUP = 65536


@dataclass(frozen=True)
class Inputs:
    """Where the stage reads: the media root, the manifest and the turn table."""

    media: Path
    manifest: Path
    turns: Path


def derive(out: Path, inputs: Inputs, *, frames: int) -> dict[str, Any]:
    """Write the product into `out` and return its summary.

    The held-out videos of a benchmark are left out: what is monitored is the data that trains.

    Raises:
        DataError: a sample's video is not in the manifest, or a file cannot be read.
        UsageError: `monitor.frames` is no whole number from 1.

    """
    if isinstance(frames, bool) or not isinstance(frames, int) or frames < 1:
        raise UsageError(f"monitor.frames: expected a whole number from 1, got {frames!r}")
    videos = [video for video in read_manifest(inputs.manifest) if video.role != BENCHMARK]
    looks = look_at_all(videos, inputs.media, frames)
    rows = [video_row(video, look) for video, look in zip(videos, looks, strict=True)]
    write_rows(out / "videos.parquet", iter(rows), VIDEO_SCHEMA)
    tasks: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    samples = sample_rows(inputs.turns, {video.video_id for video in videos}, tasks, sources)
    write_rows(out / "samples.parquet", samples, SAMPLE_SCHEMA)
    summary = {
        "videos": len(videos),
        "frames": frames,
        "samples": sum(tasks.values()),
        "tasks": dict(sorted(tasks.items())),
        "sources": dict(sorted(sources.items())),
    }
    write_json(out / "summary.json", summary)
    return summary


def look_at_all(videos: Sequence[Video], media: Path, frames: int) -> list[Look]:
    """The looks in the order given; one thread a core, since decoding releases the interpreter's lock."""
    root = MediaRoot(media)

    def look(video: Video) -> Look:
        return look_at(root.resolve(video.video_id), video.duration_s, frames)

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(track(pool.map(look, videos), "features: look", len(videos)))


def video_row(video: Video, look: Look) -> dict[str, Any]:
    """The row of videos.parquet."""
    known = {name: getattr(video, name) for name in ("video_id", "source", "duration_s", "fps")}
    return {**known, "width": video.width, "height": video.height, **vars(look)}


def sample_rows(
    turns: Path, known: set[str], tasks: Counter[str], sources: Counter[str]
) -> Iterator[dict[str, Any]]:
    """The rows of samples.parquet one by one; counts them by task and source on the way."""
    for dialogue in read_samples(turns):
        if dialogue.video_id not in known:
            raise DataError(
                f"{turns}: sample {dialogue.sample_id!r} is of video {dialogue.video_id!r}, which is no "
                "training video of the manifest; run stage corpus and dialogues again"
            )
        tasks[dialogue.task] += 1
        sources[dialogue.source] += 1
        yield vars(sample_features(dialogue))


def write_rows(path: Path, rows: Iterator[dict[str, Any]], schema: pa.Schema) -> None:
    """Stream rows into a parquet file; same rows, same bytes."""
    with parquet_writer(path, schema) as writer:
        while group := list(islice(rows, ROWS_A_GROUP)):
            writer.write_table(rows_table(group, schema))
