"""Rules of time over the turn frame (columns: components.validate.tables.Tables).

The three rules share no row: what lies past the end is left out of the other two, and contiguity is judged
only in samples whose time runs forward, because a turn moved back in time leaves a hole where it was.
"""

import numpy as np
import pandas as pd

SLACK_S = 1e-6


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
    return _backward(frame, _judged(frame))


def gaps(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: not the turn, or not the second, that must follow the row before it."""
    rows = _judged(frame)
    codes = sample_codes(frame)
    turned_back = np.zeros(codes.max(initial=-1) + 1, dtype=bool)
    turned_back[codes[_backward(frame, rows)]] = True
    rows = rows[~turned_back[codes[rows]]]
    codes, turn = codes[rows], frame["turn"].to_numpy()[rows]
    start, end = frame["start_s"].to_numpy()[rows], frame["end_s"].to_numpy()[rows]
    wrong = (np.abs(start - turn) > SLACK_S) | (np.abs(end - turn - 1) > SLACK_S)
    first = np.diff(codes, prepend=-1) != 0
    wrong |= np.where(first, turn != 0, np.diff(turn, prepend=0) != 1)
    return _scatter(len(frame), rows, wrong)


def _judged(frame: pd.DataFrame) -> np.ndarray:
    """Positions of the rows whose time is judged: one a turn, inside the video."""
    return np.flatnonzero(~(repeated_turns(frame) | past_end(frame)))


def _backward(frame: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    codes, turn = sample_codes(frame)[rows], frame["turn"].to_numpy()[rows]
    start, end = frame["start_s"].to_numpy()[rows], frame["end_s"].to_numpy()[rows]
    wrong = end <= start
    wrong[1:] |= (np.diff(codes) == 0) & ((np.diff(start) <= 0) | (np.diff(turn) < 0))
    return _scatter(len(frame), rows, wrong)


def _scatter(length: int, rows: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    mask = np.zeros(length, dtype=bool)
    mask[rows[wrong]] = True
    return mask
