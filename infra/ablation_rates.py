"""The rates of an ablation's table, from sums over videos: a bootstrap is then one product a draw."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from components.core.bootstrap import sums_interval
from components.evaluate.forward_metrics import count_responses
from components.evaluate.state_scores import Watched, counts, due_of
from components.protocol.states import LABELS

Array = npt.NDArray[np.float64]
STATES = len(LABELS)
TURNS = STATES * STATES  # columns of the confusion table, true state first; after them:
RESPONSES, DUE, HITS, FALSE_ALARMS, QUIET_TURNS, ANSWERED, WAITED = range(TURNS, TURNS + 7)
SPEAK_OR_NOT = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])  # (2, 3): standing by is being silent


def rates(samples: Sequence[Watched]) -> dict[str, dict[str, Any]]:
    """Each rate with its 95 % interval over videos, rounded; null where there is nothing to divide by."""
    rows = by_video(samples)
    total = rows.sum(axis=0)
    return {name: cell(float(rate(total)), sums_interval(rows, rate, seed=0)) for name, rate in RATES.items()}


def cell(value: float, bounds: Sequence[float]) -> dict[str, Any]:
    """One cell of the table; NaN becomes null."""
    shown = None if np.isnan(value) else round(value, 2)
    return {"value": shown, "interval": None if shown is None else [round(bound, 2) for bound in bounds]}


def by_video(samples: Sequence[Watched]) -> Array:
    """(videos, TURNS + 7): what each video adds to every sum."""
    found: dict[str, Array] = {}
    for sample in samples:
        found[sample.video_id] = found.get(sample.video_id, np.zeros(TURNS + 7)) + tally(sample)
    return np.stack([found[video] for video in sorted(found)])


def tally(sample: Watched) -> Array:
    """(TURNS + 7,): the counts of one stream."""
    turns = counts([sample])
    said = count_responses(sample.states, due_of(sample.truth))
    heard = [said.responses, said.due, said.hits, said.false_alarms, said.quiet_turns]
    flat = [turns[true][seen] for true in LABELS for seen in LABELS]
    return np.array([*flat, *heard, len(said.waits), sum(said.waits)], dtype=np.float64)


def macro_f1(sums: Array) -> Array:
    """Mean F1 in percent over the states that occur in the labels or the predictions; sums (..., columns)."""
    return mean_f1(sums[..., :TURNS].reshape(*sums.shape[:-1], STATES, STATES))


def speak_f1(sums: Array) -> Array:
    """The same for two states: the question put alike to methods with and without Standby."""
    table = sums[..., :TURNS].reshape(*sums.shape[:-1], STATES, STATES)
    return mean_f1(SPEAK_OR_NOT @ table @ SPEAK_OR_NOT.T)


def mean_f1(table: Array) -> Array:
    """(...): of confusion tables (..., true, said)."""
    hits = np.diagonal(table, axis1=-2, axis2=-1)
    occurs = table.sum(axis=-1) + table.sum(axis=-2)
    mean: Array = np.nanmean(100 * share(2 * hits, occurs), axis=-1)
    return mean


def share(part: Array, whole: Array) -> Array:
    """`part / whole`, NaN where `whole` is 0."""
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)


RATES: Mapping[str, Callable[[Array], Array]] = {
    "macro_f1": macro_f1,
    "speak_f1": speak_f1,
    "precision": lambda sums: 100 * share(sums[..., HITS], sums[..., RESPONSES]),
    "recall": lambda sums: 100 * share(sums[..., HITS], sums[..., DUE]),
    "delay": lambda sums: share(sums[..., WAITED], sums[..., ANSWERED]),
    "false_alarms": lambda sums: 3600 * share(sums[..., FALSE_ALARMS], sums[..., QUIET_TURNS]),
}
