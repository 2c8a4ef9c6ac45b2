"""State shares of a turn frame, and whether they are near a ratio profile."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from components.protocol.states import LABELS
from components.validate.profiles import Profile

SLACK = 1e-9  # a share exactly at its bound passes


@dataclass(frozen=True)
class Excess:
    """A state whose share is off in one group: in words, by how many rows, and the rows to look at first."""

    detail: str
    count: int
    rows: np.ndarray


def state_shares(frame: pd.DataFrame) -> dict[str, float]:
    """Share of each state over all rows, rounded to 6 digits; zeros for an empty frame."""
    return {
        label: round(float(share), 6)
        for label, share in zip(LABELS, _shares(frame["state"].to_numpy()), strict=True)
    }


def task_shares(frame: pd.DataFrame) -> dict[str, dict[str, float]]:
    """`state_shares` of each task that has rows, by task name."""
    return {task: state_shares(frame.iloc[rows]) for task, rows in _tasks(frame)}


def overall_excess(frame: pd.DataFrame, profile: Profile) -> list[Excess]:
    """Where the whole table is further than `profile.tolerance` from a state's share."""
    return _excess("all tasks", frame, np.arange(len(frame)), profile.shares, profile.tolerance)


def task_excess(frame: pd.DataFrame, profile: Profile) -> list[Excess]:
    """Where a task is further than `profile.task_tolerance` from a state's share."""
    found = []
    for task, rows in _tasks(frame):
        found += _excess(task, frame, rows, profile.shares, profile.task_tolerance)
    return found


def _tasks(frame: pd.DataFrame) -> list[tuple[str, np.ndarray]]:
    codes = frame["task"].cat.codes.to_numpy()
    named = [
        (str(name), np.flatnonzero(codes == code)) for code, name in enumerate(frame["task"].cat.categories)
    ]
    return sorted(((name, rows) for name, rows in named if len(rows)), key=lambda pair: pair[0])


def _shares(state: np.ndarray) -> np.ndarray:
    return np.array([(state == code).sum() for code in range(len(LABELS))]) / max(1, len(state))


def _excess(
    group: str, frame: pd.DataFrame, rows: np.ndarray, wanted: dict[str, float], tolerance: float
) -> list[Excess]:
    state = frame["state"].to_numpy()[rows]
    off_by = _shares(state) - np.array([wanted[label] for label in LABELS])
    found = []
    for code in np.flatnonzero(np.abs(off_by) > tolerance + SLACK):
        label = LABELS[code]
        share = wanted[label] + off_by[code]
        detail = f"{group}: {label} is {share:.4f}, expected {wanted[label]:.4f} +/- {tolerance:.4f}"
        count = int(np.ceil((abs(off_by[code]) - tolerance) * len(rows) - SLACK))
        # What is missing has no row: then the state that took its place is shown.
        shown = code if off_by[code] > 0 else int(np.argmax(off_by))
        found.append(Excess(detail, max(1, count), _densest(frame, rows[state == shown])))
    return found


def _densest(frame: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """The rows, those of samples that have most of them first: where to look for the cause."""
    codes = frame["sample"].cat.codes.to_numpy()[rows]
    return rows[np.argsort(-np.bincount(codes)[codes], kind="stable")] if len(rows) else rows
