"""Rules of states, texts and questions over the turn frame (columns: components.validate.tables.Tables)."""

import numpy as np
import pandas as pd

from components.protocol.states import LABELS
from components.validate.rules_time import repeated_turns, sample_codes

RESPONSE = LABELS.index("response")
UNKNOWN = -1
NEVER = np.iinfo(np.int32).max


def not_one_state(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: a second row of the same turn, or a state that is null or unknown."""
    wrong: np.ndarray = repeated_turns(frame) | (frame["state"].to_numpy() == UNKNOWN)
    return wrong


def response_without_text(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: a Response whose text is null or blank."""
    wrong: np.ndarray = (frame["state"].to_numpy() == RESPONSE) & ~frame["has_text"].to_numpy()
    return wrong


def text_without_response(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: Silence or Standby with a text (an unknown state is another rule's)."""
    state = frame["state"].to_numpy()
    wrong: np.ndarray = (state != RESPONSE) & (state != UNKNOWN) & frame["has_text"].to_numpy()
    return wrong


def unasked(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: a Response before the sample's first question, or before the one its event belongs to."""
    if not len(frame):
        return np.zeros(0, dtype=bool)
    codes, turn = sample_codes(frame), frame["turn"].to_numpy()
    asked = np.where(frame["has_question"].to_numpy(), turn, NEVER)
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    first = np.full(codes.max() + 1, NEVER, dtype=np.int64)
    first[codes[starts]] = np.minimum.reduceat(asked, starts)
    earliest = first[codes]
    if "own_question" in frame:
        earliest = np.maximum(earliest, frame["own_question"].to_numpy())
    wrong: np.ndarray = (frame["state"].to_numpy() == RESPONSE) & (turn < earliest)
    return wrong


def state_token(frame: pd.DataFrame) -> np.ndarray:
    """(N,) bool: the text or a question spells a state token."""
    found: np.ndarray = frame["has_token"].to_numpy()
    return found
