"""Rules over the event frame (columns: components.validate.tables.Tables)."""

import numpy as np
import pandas as pd


def past_end(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: the event starts at or after the end of its video (never for an unknown sample)."""
    late: np.ndarray = frame["start_s"].to_numpy() >= frame["duration_s"].to_numpy()
    return late


def backward(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: the event starts below 0 or ends before it starts; one past the end is another rule's."""
    start, end = frame["start_s"].to_numpy(), frame["end_s"].to_numpy()
    wrong: np.ndarray = ((start < 0) | ~(end >= start)) & ~past_end(frame)
    return wrong


def unknown_sample(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: no turn has the event's sample_id."""
    wrong: np.ndarray = ~frame["sample_known"].to_numpy()
    return wrong
