"""Rules of time over the turn frame (columns: components.validate.tables.Tables).

The three rules share no row: what lies past the end is left out of the other two, and contiguity is judged
only in samples whose time runs forward, because a turn moved back in time leaves a hole where it was.
"""

import numpy as np
import pandas as pd

SLACK_S = 1e-6
Rows = np.ndarray | slice  # all rows of a sound table are a slice: nothing is copied


def sample_codes(frame: pd.DataFrame) -> np.ndarray:
    """(N,) number of each row's sample; rows of one sample stand together."""
    codes: np.ndarray = frame["sample"].cat.codes.to_numpy()
    return codes


def repeated_turns(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: rows after the first with the same sample and turn."""
    codes, turn = sample_codes(frame), frame["turn"].to_numpy()
    repeated = np.zeros(len(frame), dtype=bool)
    falling = (np.diff(codes) == 0) & (np.diff(turn) <= 0)
    if not falling.any():  # turns rise in every sample: nothing can repeat, and nothing need be sorted
        return repeated
    rows = np.flatnonzero(np.isin(codes, np.unique(codes[1:][falling])))
    rows = rows[np.lexsort((rows, turn[rows], codes[rows]))]
    same = (np.diff(codes[rows]) == 0) & (np.diff(turn[rows]) == 0)
    repeated[rows[1:][same]] = True
    return repeated


def past_end(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: the turn starts at or after the end of its video."""
    late: np.ndarray = frame["start_s"].to_numpy() >= frame["duration_s"].to_numpy()
    return late


def backward(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: the turn does not start after the turn before it, or does not end after it starts."""
    rows = _judged(frame)
    codes, turn, start, end = _clock(frame, rows)
    wrong = end <= start
    wrong[1:] |= (np.diff(codes) == 0) & ((np.diff(start) <= 0) | (np.diff(turn) < 0))
    return _scatter(len(frame), rows, wrong)


def gaps(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: not the turn, or not the second, that must follow the row before it."""
    rows = _judged(frame, without_samples=backward(frame))
    codes, turn, start, end = _clock(frame, rows)
    wrong = (np.abs(start - turn) > SLACK_S) | (np.abs(end - turn - 1) > SLACK_S)
    first = np.diff(codes, prepend=-1) != 0
    wrong |= np.where(first, turn != 0, np.diff(turn, prepend=0) != 1)
    return _scatter(len(frame), rows, wrong)


def _judged(frame: pd.DataFrame, without_samples: np.ndarray | None = None) -> Rows:
    """The rows whose time is judged: one a turn, inside the video, not of a sample with a row marked."""
    left_out = repeated_turns(frame) | past_end(frame)
    if without_samples is not None and without_samples.any():
        codes = sample_codes(frame)
        left_out |= np.isin(codes, np.unique(codes[without_samples]))
    return np.flatnonzero(~left_out) if left_out.any() else slice(None)


def _clock(frame: pd.DataFrame, rows: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sample codes, turns, starts and ends of `rows`."""
    turn, start, end = (frame[name].to_numpy()[rows] for name in ("turn", "start_s", "end_s"))
    return sample_codes(frame)[rows], turn, start, end


def _scatter(length: int, rows: Rows, wrong: np.ndarray) -> np.ndarray:
    mask = np.zeros(length, dtype=bool)
    mask[rows] = wrong
    return mask
