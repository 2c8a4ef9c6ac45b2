"""The frames the rules run on, read from parquet batch by batch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from components.validate.columns import lookup
from components.validate.events import NO_QUESTION, own_question, read_events
from components.validate.reading import read_turns
from components.validate.schema import VIDEO_COLUMNS, open_table

__all__ = ["NO_QUESTION", "Tables", "load_tables"]


@dataclass(frozen=True)
class Tables:
    """What one gate run judges.

    `turns` columns: sample, video, task and, where the file has it, source (categorical), state (int8 index
    into LABELS, -1 unknown), turn (int32), start_s, end_s, duration_s (float64), has_text, has_question,
    has_token (bool); with a manifest video_known (bool); with events own_question (int32: the turn of the
    question a Response answers, NO_QUESTION where not known). The rows of one sample stand together, in the
    order of the file.

    `events` (or None) columns: sample (categorical), start_s, end_s, duration_s (float64; NaN for an unknown
    sample), sample_known (bool).
    """

    turns: pd.DataFrame
    events: pd.DataFrame | None


def load_tables(turns: Path, events: Path | None = None, videos: Path | None = None) -> Tables:
    """Read the turn table and, where given, the event table and the manifest.

    Raises:
        DataError: a file or a column cannot be read (named).

    """
    read = read_turns(turns, with_texts=events is not None)
    frame = read.frame
    if videos is not None:
        frame["video_known"] = _video_known(frame, videos)
    if events is None:
        return Tables(_grouped(frame), None)
    told = read_events(events, read)
    frame["own_question"] = own_question(read, told)
    return Tables(_grouped(frame), told.frame)


def _video_known(frame: pd.DataFrame, manifest: Path) -> np.ndarray:
    known = set(open_table(manifest, VIDEO_COLUMNS).read(columns=["video_id"]).column(0).to_pylist())
    names = frame["video"].cat.categories
    table = np.array([name in known for name in names], dtype=bool)
    return lookup(table, frame["video"].cat.codes.to_numpy())


def _grouped(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of one sample side by side, keeping their order in the file; no copy if they already are."""
    codes = frame["sample"].cat.codes.to_numpy()
    if len(codes) and (np.diff(codes) < 0).any():  # codes number samples in order of appearance
        return frame.iloc[np.argsort(codes, kind="stable")].reset_index(drop=True)
    return frame
