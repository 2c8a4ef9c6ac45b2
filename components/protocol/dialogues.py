"""The body of stage `dialogues`: every annotated label of every task -> one turn table."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.protocol import reasons
from components.protocol.batch import LengthOf, Tally, VideoLength, place_all, share_lines, with_ids
from components.protocol.labels import LabelError
from components.protocol.many import write_placed

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
    labels, offline = _read_labels(annotations)
    labels.sort(key=lambda label: str(label["id"]))  # stable: of equal ids the first in file order stays
    tally = Tally()
    samples = tally.watch(place_all(labels, _lengths(manifest), rules=rules, fps=fps))
    write_placed(out / "turns.parquet", samples, events=out / "events.parquet")
    summary = {"rules": rules, "fps": fps, "offline_labels": offline, **tally.summary()}
    write_json(out / "quarantine.json", tally.rows())
    write_json(out / "summary.json", summary)
    print("\n".join(share_lines(summary)), flush=True)
    for reason, count in summary["samples_quarantined"].items():
        print(f"samples set aside, {reason}: {count}", file=sys.stderr)
    if not summary["samples"]:
        first = tally.rows()[:3]
        raise DataError(f"none of {summary['samples_in']} labels could be used; first reasons: {first}")
    return summary


def _read_labels(annotations: Sequence[Path]) -> tuple[list[dict[str, Any]], int]:
    """The labels of every stream task, and the number of those that belong to the base model."""
    labels: list[dict[str, Any]] = []
    offline = 0
    for folder in sorted(annotations):
        file = folder / "labels.json"
        raws = read_json(file)
        if not isinstance(raws, list):
            raise DataError(f"{file}: expected a list of raw labels")
        for label in with_ids(raws):
            if label.get("task_type") in OFFLINE_TASKS:
                offline += 1
            else:
                labels.append(label)
    return labels, offline


def _lengths(manifest: Path) -> LengthOf:
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
