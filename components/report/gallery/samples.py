"""What the gallery shows of a sample: states, questions, answers, events, and where its video comes from."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import DataError
from components.protocol.states import LABELS
from components.report.gallery.pick import shards

Said = tuple[int, str]  # turn, text


@dataclass(frozen=True)
class Shown:
    """One sample; turn i is second i, `states[i]` its label.

    Attributes:
        events: (start_s, end_s, text) of what the responses tell of.
        source: where the labels come from; origin and licence are those of the video.

    """

    sample_id: str
    video_id: str
    task: str
    source: str
    split: str
    duration_s: float
    states: tuple[str, ...]
    questions: tuple[Said, ...]
    answers: tuple[Said, ...]
    events: tuple[tuple[float, float, str], ...]
    origin: str
    licence: str

    def runs(self) -> list[tuple[str, int, int]]:
        """(state, first turn, turn after the last) of each stretch of one state."""
        found: list[tuple[str, int, int]] = []
        for turn, state in enumerate(self.states):
            if found and found[-1][0] == state:
                found[-1] = (state, found[-1][1], turn + 1)
            else:
                found.append((state, turn, turn + 1))
        return found


def load(dataset: Path, chosen: Mapping[str, str]) -> list[Shown]:
    """The samples `chosen` (`{sample_id: split}`), by task and then in the order of `chosen`.

    Raises:
        DataError: a table is missing or not one of stage dataset, a state is unknown, a video has no row.

    """
    turns: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for _, path in shards(dataset):
        for row in _rows(path, "sample_id", list(chosen)):
            turns[row["sample_id"]].append(row)
    events: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    for row in _rows(dataset / "events.parquet", "sample_id", list(chosen)):
        events[row["sample_id"]].append((row["start_s"], row["end_s"], row["text"]))
    names = sorted({rows[0]["video_id"] for rows in turns.values()})
    videos = {row["video_id"]: row for row in _rows(dataset / "videos.parquet", "video_id", names)}
    if lost := sorted(set(names) - set(videos)):
        raise DataError(f"{dataset / 'videos.parquet'}: no row of video {lost[0]!r}; make the dataset again")
    found = [
        _shown(turns[name], events[name], videos[turns[name][0]["video_id"]], split)
        for name, split in chosen.items()
    ]
    return sorted(found, key=lambda one: one.task)


def _shown(
    rows: Sequence[Mapping[str, Any]],
    events: Sequence[tuple[float, float, str]],
    video: Mapping[str, Any],
    split: str,
) -> Shown:
    first = rows[0]
    if unknown := sorted({row["state"] for row in rows} - set(LABELS)):
        raise DataError(f"sample {first['sample_id']!r}: state {unknown[0]!r}, expected {', '.join(LABELS)}")
    return Shown(
        sample_id=first["sample_id"],
        video_id=first["video_id"],
        task=first["task"],
        source=first["source"],
        split=split,
        duration_s=first["video_duration_s"],
        states=tuple(row["state"] for row in rows),
        questions=tuple((row["turn"], text) for row in rows for text in row["question"]),
        answers=tuple((row["turn"], row["text"]) for row in rows if row["text"] is not None),
        events=tuple(sorted(events)),
        origin=video["source"],
        licence=video["licence"],
    )


def _rows(path: Path, column: str, names: list[str]) -> list[dict[str, Any]]:
    """The rows whose `column` is one of `names`; row groups that hold none are not read."""
    if not path.is_file():
        raise DataError(
            f"{path}: no such file; give a product of stage dataset (`dvc repro dataset` makes one)"
        )
    try:
        kept = pq.read_table(path, filters=[(column, "in", names)]) if names else pq.read_table(path)[:0]
        rows: list[dict[str, Any]] = kept.to_pylist()
    except (OSError, KeyError, pa.ArrowException) as error:
        raise DataError(f"{path}: not a table of stage dataset ({error})") from None
    return rows
