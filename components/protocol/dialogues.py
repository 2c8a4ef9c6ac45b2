"""The body of stage `dialogues`: every annotated label of every task -> one turn table."""

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import DataError
from components.core.files import write_json
from components.protocol import reasons
from components.protocol.batch import LengthOf, Tally, VideoLength, share_lines
from components.protocol.labels import LabelError
from components.protocol.many import write_tables
from components.protocol.rawfiles import open_labels

OFFLINE_TASKS = ("base_qa",)  # trains the base model; never a stream


def run(out: Path, annotations: Sequence[Path], manifest: Path, *, rules: str, fps: float) -> dict[str, Any]:
    """Write turns.parquet, events.parquet, quarantine.json and summary.json into `out`; returns the summary.

    Args:
        out: an existing folder.
        annotations: the folders of stages annotate and ground, each with labels.json.
        manifest: manifest.parquet of stage corpus.
        rules: `corrected` or `released`.
        fps: frames a second; matters to released rules only.

    Raises:
        DataError: an input is missing or unreadable, or not one label could be used.

    """
    files = [folder / "labels.json" for folder in sorted(annotations)]
    tally, raw = Tally(), open_labels(files, lists_only=True)
    with closing(raw):
        stream = [row for row, task in enumerate(raw.tasks) if task not in OFFLINE_TASKS]
        stream.sort(key=raw.ids.__getitem__)  # stable: of equal ids the first in file order stays
        write_tables(
            out / "turns.parquet",
            raw,
            stream,
            lengths_of(manifest),
            tally,
            events=out / "events.parquet",
            rules=rules,
            fps=fps,
        )
    offline = len(raw.tasks) - len(stream)
    summary = {"rules": rules, "fps": fps, "offline_labels": offline, **tally.summary()}
    write_json(out / "quarantine.json", tally.rows())
    write_json(out / "summary.json", summary)
    print("\n".join(share_lines(summary)), flush=True)
    for reason, count in summary["samples_quarantined"].items():
        print(f"samples set aside, {reason}: {count}", file=sys.stderr)
    return summary


def lengths_of(manifest: Path) -> LengthOf:
    """How long the videos of a manifest are; those of the benchmark are refused."""
    columns = ["video_id", "duration_s", "frames", "fps", "role"]
    try:
        rows = pq.read_table(manifest, columns=columns).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{manifest}: not a readable manifest ({error})") from None
    lengths = {row["video_id"]: VideoLength(row["duration_s"], row["frames"], row["fps"]) for row in rows}
    benchmark = {row["video_id"] for row in rows if row["role"] == "benchmark"}

    def length_of(video_id: str) -> VideoLength:
        if video_id in benchmark:
            raise LabelError(reasons.BENCHMARK_VIDEO, f"{video_id!r} is a video of the benchmark")
        if video_id not in lengths:
            raise LabelError(reasons.UNKNOWN_VIDEO, f"{video_id!r} is not in {manifest.name}")
        return lengths[video_id]

    return length_of
