"""What a dataset is made of beside the paper's: tasks, durations, states (paper, section Data)."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from components.protocol.states import LABELS

# Streamo-Instruct-465K as printed: percent of 465.8K samples, videos by seconds, turns by state.
PAPER_TASKS = {
    "tsqa": 34.8,
    "event_grounding": 26.3,
    "offline_qa": 13.8,
    "narration": 12.7,
    "event_caption": 6.7,
    "action_caption": 5.8,
}
EDGES_S = (0, 30, 60, 120, 240)  # of the bins; the last one is open
PAPER_DURATIONS = (68273, 19153, 21834, 20529, 6086)
PAPER_STATES = {"silence": 12, "standby": 3, "response": 2}


def compose(
    samples: Mapping[str, int], turns: Mapping[str, int], durations_s: Sequence[float]
) -> dict[str, Any]:
    """Counts and percent of each part, ours and the paper's.

    Args:
        samples: samples by task.
        turns: turns by state label.
        durations_s: length of each video, seconds; a video of exactly 30 s counts from 30 on.

    Returns:
        `{"tasks", "durations", "states"}`, each a list of `{"name", "n", "percent", "paper_percent"}`; the
        paper's percent is None for a task it does not have.

    """
    bins = [0] * len(EDGES_S)
    for seconds in durations_s:
        bins[bisect_right(EDGES_S, seconds) - 1] += 1
    others = sorted(set(samples) - set(PAPER_TASKS))
    return {
        "tasks": _parts({task: samples.get(task, 0) for task in [*PAPER_TASKS, *others]}, PAPER_TASKS),
        "durations": _parts(
            dict(zip(bin_names(), bins, strict=True)),
            _percent(dict(zip(bin_names(), PAPER_DURATIONS, strict=True))),
        ),
        "states": _parts({state: turns.get(state, 0) for state in LABELS}, _percent(PAPER_STATES)),
    }


def bin_names() -> list[str]:
    """`0-30 s`, ..., `240 s and more`."""
    pairs = pairwise(EDGES_S)
    return [f"{low}-{high} s" for low, high in pairs] + [f"{EDGES_S[-1]} s and more"]


def _percent(counts: Mapping[str, int]) -> dict[str, float]:
    """Each count as percent of their sum, two decimals; 0 of nothing."""
    whole = sum(counts.values())
    return {name: round(100 * count / whole, 2) if whole else 0.0 for name, count in counts.items()}


def _parts(ours: Mapping[str, int], paper: Mapping[str, float]) -> list[dict[str, Any]]:
    """Each part of ours with its percent and the paper's."""
    percent = _percent(ours)
    return [
        {"name": name, "n": count, "percent": percent[name], "paper_percent": paper.get(name)}
        for name, count in ours.items()
    ]
