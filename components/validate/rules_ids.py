"""Rules of identity over the turn frame (columns: components.validate.tables.Tables)."""

import numpy as np
import pandas as pd

from components.validate.rules_time import sample_codes


def unknown_video(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: the row's video is not in the manifest."""
    wrong: np.ndarray = ~frame["video_known"].to_numpy()
    return wrong


def second_video(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: the row's video differs from that of its sample's first row (known videos only, if checked).

    The dataset is split by video, so a sample of two videos could stand on both sides.
    """
    rows = (
        np.arange(len(frame))
        if "video_known" not in frame
        else np.flatnonzero(frame["video_known"].to_numpy())
    )
    codes, video = sample_codes(frame)[rows], frame["video"].cat.codes.to_numpy()[rows]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    lengths = np.diff(starts, append=len(rows))
    wrong = np.zeros(len(frame), dtype=bool)
    wrong[rows] = video != np.repeat(video[starts], lengths)
    return wrong
