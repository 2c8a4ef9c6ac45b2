"""What one expectation found: counts and the first failing rows, as plain JSON values."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from components.validate.profiles import Profile
from components.validate.rules import SHARE_RULES, row_rule
from components.validate.shares import (
    Excess,
    accepted_excess,
    overall_excess,
    source_excess,
    task_excess,
)

EXAMPLES = 50  # rows named per rule; the count is always whole

JUDGES = dict(zip(SHARE_RULES, (overall_excess, task_excess, source_excess, accepted_excess), strict=True))


def find_rows(frame: pd.DataFrame, name: str) -> dict[str, Any]:
    """Run a row rule: `{"rows", "failed", "detail", "examples": [{"sample_id", "turn"}]}`.

    For the event table `turn` is the one on screen when the event starts.
    """
    rule = row_rule(name)
    rows = np.flatnonzero(rule.find(frame))
    return _found(frame, len(frame), len(rows), rule.says if len(rows) else "", rows)


def find_shares(frame: pd.DataFrame, name: str, profile: Profile) -> dict[str, Any]:
    """Run a share rule (a name in `rules.SHARE_RULES`): the same keys as `find_rows`.

    `failed` is by how many rows the worst state is above or below its bounds.
    """
    excess: Sequence[Excess] = JUDGES[name](frame, profile)
    failed = max((item.count for item in excess), default=0)
    rows = (
        np.concatenate([item.rows[:EXAMPLES] for item in excess]) if excess else np.empty(0, dtype=np.int64)
    )
    detail = "; ".join(item.detail for item in excess)
    return _found(frame, len(frame), failed, detail, pd.unique(rows))


def _found(frame: pd.DataFrame, total: int, failed: int, detail: str, rows: np.ndarray) -> dict[str, Any]:
    shown = frame.iloc[rows[:EXAMPLES]]
    turns = shown["turn"] if "turn" in frame else np.floor(shown["start_s"])
    examples = [
        {"sample_id": str(sample), "turn": int(turn)}
        for sample, turn in zip(shown["sample"], turns, strict=True)
    ]
    return {"rows": total, "failed": failed, "detail": detail, "examples": examples}
