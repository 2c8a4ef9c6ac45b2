"""Folders of derived features, read and put into one row a video."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import DataError
from components.monitor.schemas import SAMPLE_SCHEMA, VIDEO_SCHEMA

# Tasks, sources and resolutions beyond the most frequent ones count as OTHER: there may be as many as videos.
MOST, OTHER = 12, "other"
LOOKS = ("duration_s", "fps", "brightness", "contrast", "saturation", "frame_difference")
# Feature -> the column of samples.parquet whose mean over a video's samples it is.
MEANS = {
    "state.silence": "silence",
    "state.standby": "standby",
    "state.response": "response",
    "responses": "responses",
    "turns_to_response": "turns_to_response",
    "answer_tokens": "answer_tokens",
    "answer_characters": "answer_characters",
    "gap_turns": "gap_turns",
}
# A log does not say when the question came, and a stream may be longer than any video.
NOT_OF_A_STREAM = ("turns_to_response", "responses")
COUNTS = {"task": "task", "label_source": "source"}  # prefix of the feature -> column of samples.parquet
SHARES = ("state.silence", "state.standby", "state.response", "answered")
CATEGORIES = ("resolution", "video_source")


@dataclass(frozen=True)
class Features:
    """The two tables of an artifacts/features folder."""

    name: str
    samples: pd.DataFrame
    videos: pd.DataFrame

    def without(self, known: "Features") -> "Features":
        """Only the videos, and their samples, that `known` does not have."""
        old = set(known.videos["video_id"])
        return Features(
            self.name,
            self.samples[~self.samples["video_id"].isin(old)],
            self.videos[~self.videos["video_id"].isin(old)],
        )


def read_features(folder: Path) -> Features:
    """Read a product of stage `features`.

    Raises:
        DataError: a file is missing, unreadable or lacks a column.

    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(
            f"{folder}: no such folder; expected the product of stage features (`dvc repro features`)"
        )
    return Features(
        str(folder),
        read_table(folder / "samples.parquet", SAMPLE_SCHEMA),
        read_table(folder / "videos.parquet", VIDEO_SCHEMA),
    )


def read_table(path: Path, schema: pa.Schema) -> pd.DataFrame:
    """One table with the columns of `schema`."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: not a readable parquet file ({error}); run stage features again") from None
    missing = [name for name in schema.names if name not in table.column_names]
    if missing:
        raise DataError(f"{path}: columns missing: {', '.join(missing)}; run stage features again")
    return table.select(schema.names).to_pandas()


def by_video(*folders: Features) -> list[pd.DataFrame]:
    """One row a video and folder, indexed by video_id, with the same columns for every folder.

    Samples of one video are not independent (they tell of the same seconds), videos are: so a video is what
    is compared. A feature no sample of a video has (no answer: no length) is NaN.
    """
    names = {
        prefix: most_frequent([folder.samples[column] for folder in folders])
        for prefix, column in COUNTS.items()
    }
    frames = [one_a_video(folder, names) for folder in folders]
    for name in CATEGORIES:
        kept = most_frequent([frame[name] for frame in frames])
        for frame in frames:
            frame[name] = frame[name].where(frame[name].isin(kept), OTHER)
    return frames


def most_frequent(columns: list[pd.Series]) -> list[str]:
    """The `MOST` most frequent values, sorted by name."""
    counts: Counter[str] = Counter()
    for column in columns:
        counts.update(column.value_counts().to_dict())
    return sorted(sorted(counts, key=lambda name: (-counts[name], name))[:MOST])


def one_a_video(folder: Features, names: dict[str, list[str]]) -> pd.DataFrame:
    """The rows of one folder."""
    videos = folder.videos.set_index("video_id").sort_index()
    frame = videos[list(LOOKS)].astype(float)
    frame["resolution"] = videos["width"].astype(str) + "x" + videos["height"].astype(str)
    frame["video_source"] = videos["source"]
    samples = folder.samples.assign(answered=(folder.samples["responses"] > 0).astype(float))
    by_id = samples.groupby("video_id", observed=True)
    for feature, column in {**MEANS, "answered": "answered"}.items():
        frame[feature] = by_id[column].mean().reindex(frame.index).astype(float)
    for prefix, column in COUNTS.items():
        listed = samples[column].where(samples[column].isin(names[prefix]), OTHER)
        table = pd.crosstab(samples["video_id"], listed)
        wanted = [*names[prefix], *([OTHER] if OTHER in table and OTHER not in names[prefix] else [])]
        for name in wanted:
            counted = table[name] if name in table else pd.Series(dtype=float)
            frame[f"{prefix}.{name}"] = counted.reindex(frame.index).fillna(0).astype(float)
    return frame


def one_sample_a_video(folder: Features, order: list[int]) -> pd.DataFrame:
    """One sample of each video, the first in `order` (positions in samples.parquet): what a log tells."""
    chosen = folder.samples.iloc[order].drop_duplicates("video_id").sort_values("video_id")
    answered = (chosen["responses"] > 0).astype(float)
    frame = pd.DataFrame({"answered": answered, "first_response_turn": chosen["first_response_turn"]})
    for feature, column in MEANS.items():
        if feature not in NOT_OF_A_STREAM:
            frame[feature] = chosen[column]
    return frame.astype(float).set_index(chosen["video_id"])
