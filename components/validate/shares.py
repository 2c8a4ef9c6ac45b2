"""State shares of a turn frame, and whether they are near a ratio profile."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from components.protocol.states import LABELS
from components.validate.profiles import Profile, Ratio

STATES = len(LABELS) + 1  # and the unknown one, whose code is -1
SLACK = 1e-9  # a share exactly at its bound passes


@dataclass(frozen=True)
class Excess:
    """A state whose share is off in one group: in words, by how many rows, and the rows to look at first."""

    detail: str
    count: int
    rows: np.ndarray


def state_shares(frame: pd.DataFrame) -> dict[str, float]:
    """Share of each state over all rows, rounded to 6 digits; zeros for an empty frame."""
    return _rounded(_shares(frame["state"].to_numpy()))


def group_shares(frame: pd.DataFrame, column: str) -> dict[str, dict[str, float]]:
    """`state_shares` of each task or source (`column`) that has rows, by name."""
    return {name: _rounded(counts / total) for name, _, counts, total in _groups(frame, column)}


def overall_excess(frame: pd.DataFrame, profile: Profile) -> list[Excess]:
    """Where the whole table is further than the profile's tolerance from a state's share, or has no row."""
    if not len(frame):  # no tolerance is wide enough for nothing
        return [Excess("all tasks: the table holds no turn", 1, np.empty(0, dtype=np.int64))]
    return _excess("all tasks", frame, np.arange(len(frame)), profile.whole)


def task_excess(frame: pd.DataFrame, profile: Profile) -> list[Excess]:
    """Where a task is further from a state's share than its own ratio, or the profile, allows."""
    return _group_excess(frame, "task", profile.of_task)


def source_excess(frame: pd.DataFrame, profile: Profile) -> list[Excess]:
    """Where a source that the profile names is further from a state's share than its ratio allows."""
    return _group_excess(frame, "source", profile.sources.get)


def accepted_excess(frame: pd.DataFrame, profile: Profile) -> list[Excess]:
    """Where the whole, a task or a source has moved too far from the accepted table's shares."""
    by_source = source_excess(frame, profile) if "source" in frame else []
    return [*overall_excess(frame, profile), *task_excess(frame, profile), *by_source]


def _group_excess(frame: pd.DataFrame, column: str, ratio_of: Callable[[str], Ratio | None]) -> list[Excess]:
    found = []
    codes = frame[column].cat.codes.to_numpy()
    for name, code, counts, total in _groups(frame, column):
        ratio = ratio_of(name)
        # The rows are looked up only where they will be named: a table may have many sources.
        if ratio is not None and _off(counts / total, ratio).any():
            found += _excess(name, frame, np.flatnonzero(codes == code), ratio)
    return found


def _groups(frame: pd.DataFrame, column: str) -> list[tuple[str, int, np.ndarray, int]]:
    """Name, code, rows by state (3,) and rows of each category of `column` that has any, by name."""
    names = frame[column].cat.categories
    keys = frame[column].cat.codes.to_numpy().astype(np.int64) * STATES + frame["state"].to_numpy() + 1
    counts = np.bincount(keys, minlength=STATES * len(names)).reshape(-1, STATES)
    totals = counts.sum(axis=1)
    listed = [
        (str(names[code]), int(code), counts[code, 1:], int(totals[code])) for code in np.flatnonzero(totals)
    ]
    return sorted(listed, key=lambda group: group[0])


def _shares(state: np.ndarray) -> np.ndarray:
    return np.array([(state == code).sum() for code in range(len(LABELS))]) / max(1, len(state))


def _rounded(shares: np.ndarray) -> dict[str, float]:
    return {label: round(float(share), 6) for label, share in zip(LABELS, shares, strict=True)}


def _off(shares: np.ndarray, ratio: Ratio) -> np.ndarray:
    """(3,) bool: the state is further off than it may be."""
    off_by = shares - np.array([ratio.shares[label] for label in LABELS])
    off: np.ndarray = np.abs(off_by) > ratio.tolerance + SLACK
    return off


def _excess(group: str, frame: pd.DataFrame, rows: np.ndarray, ratio: Ratio) -> list[Excess]:
    state = frame["state"].to_numpy()[rows]
    shares = _shares(state)
    off_by = shares - np.array([ratio.shares[label] for label in LABELS])
    found = []
    for code in np.flatnonzero(_off(shares, ratio)):
        label = LABELS[code]
        wanted, tolerance = ratio.shares[label], ratio.tolerance
        detail = f"{group}: {label} is {shares[code]:.4f}, expected {wanted:.4f} +/- {tolerance:.4f}"
        count = int(np.ceil((abs(off_by[code]) - tolerance) * len(rows) - SLACK))
        # What is missing has no row: then the state that took its place is shown.
        shown = code if off_by[code] > 0 else int(np.argmax(off_by))
        found.append(Excess(detail, max(1, count), _densest(frame, rows[state == shown])))
    return found


def _densest(frame: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """The rows, those of samples that have most of them first: where to look for the cause."""
    codes = frame["sample"].cat.codes.to_numpy()[rows]
    return rows[np.argsort(-np.bincount(codes)[codes], kind="stable")] if len(rows) else rows
