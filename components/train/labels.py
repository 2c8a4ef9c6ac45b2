"""How many labels of each kind some tokens bear: what alpha and |M| are made of.

Counted twice: in the plan of a step, before a picture is read (`sizes`), and in the tokens made (`data`).
"""

from collections.abc import Iterable, Sequence

from torch import Tensor

from components.model.encode import IGNORE
from components.train.loss import state_counts

Labels = tuple[int, int, int, int]  # those that are silence, standby, response, and all of them (|M|)


def sum_labels(parts: Iterable[Labels]) -> Labels:
    """Labels of several turns, sequences or packs together; zeros of none."""
    silence, standby, response, rows = (sum(kind) for kind in zip((0, 0, 0, 0), *parts, strict=True))
    return silence, standby, response, rows


def label_counts(labels_BT: Tensor, state_ids: Sequence[int]) -> Labels:
    """Labels in unshifted (B, T) rows, -100 where there is none; the first of a row is never predicted."""
    silence, standby, response = state_counts(labels_BT, state_ids).tolist()
    return silence, standby, response, int((labels_BT[:, 1:] != IGNORE).sum())
