"""Two label files over the same videos, compared: spans, instants, texts, and the states of every turn."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from components.annotate.quality.figures import FigureDict, Sums, figure, ratio
from components.annotate.quality.kappa import kappa_of_counts
from components.annotate.quality.matching import HALF, NEAR_S, Pair, is_span, match
from components.annotate.quality.texts import token_f1, words
from components.annotate.quality.units import Units, lengths, read_units
from components.protocol.batch import LengthOf
from components.protocol.states import STATES
from components.protocol.turns import Event

Row = defaultdict[str, float]
CONFUSION = tuple(f"{one.label}/{other.label}" for one in STATES for other in STATES)
RATIOS = {  # figure: (what is summed, what it is divided by)
    "span_iou": ("iou", "spans"),
    "span_half": ("half", "spans"),
    "instant_near": ("near", "instants"),
    "instant_gap_s": ("gap_s", "near_pairs"),
    "first_found": ("found", "first"),
    "second_found": ("found", "second"),
    "text_f1": ("f1", "found"),
    "text_equal": ("equal", "found"),
    "first_quiet": ("still", "quiet_first"),
    "second_quiet": ("still", "quiet_second"),
    "state_same": ("same", "turns"),
}
COLUMNS = (*sorted({name for pair in RATIOS.values() for name in pair}), *CONFUSION)


def agreement(
    first: Iterable[Any], second: Iterable[Any], durations: Mapping[str, float], *, seed: int = 0
) -> dict[str, Any]:
    """Compare two lists of raw labels; `durations` are seconds by video_id. See `compare`."""
    return compare(first, second, lengths(durations), seed=seed)


def compare(first: Iterable[Any], second: Iterable[Any], length_of: LengthOf, *, seed: int) -> dict[str, Any]:
    """How far two label files agree, over the videos and requests that both speak of.

    Returns:
        `first`, `second`: counts of each file with what was set aside and why; `both`, `only_first`,
        `only_second`: units by task; `tasks` and `all`: the figures (README, Quality), each
        `{value, low, high, n, videos}`.

    """
    one, other = read_units(first, length_of), read_units(second, length_of)
    rows: dict[str, dict[str, Row]] = {}
    for key in sorted(one.samples.keys() & other.samples.keys()):
        video, task, _ = key
        row = rows.setdefault(task, {}).setdefault(video, defaultdict(float))
        _count_events(row, one.samples[key].head.events, other.samples[key].head.events)
        _count_turns(row, one.samples[key].states, other.samples[key].states)
    whole: dict[str, Row] = {}
    for videos in rows.values():
        for video, row in videos.items():
            total = whole.setdefault(video, defaultdict(float))
            for name, number in row.items():
                total[name] += number
    return {
        "thresholds": {"span_iou": HALF, "instant_s": NEAR_S},
        "first": one.summary(),
        "second": other.summary(),
        **_shared(one, other),
        "tasks": {task: figures(videos, seed) for task, videos in sorted(rows.items())},
        "all": figures(whole, seed),
    }


def figures(videos: Mapping[str, Row], seed: int) -> dict[str, FigureDict]:
    """Every figure of some videos' counts."""
    table: Sums = np.array(
        [[row[name] for name in COLUMNS] for _, row in sorted(videos.items())], dtype=float
    ).reshape(-1, len(COLUMNS))
    place = {name: number for number, name in enumerate(COLUMNS)}
    out = {
        name: figure(table, ratio(place[above], place[below]), table[:, place[below]], seed)
        for name, (above, below) in RATIOS.items()
    }
    confusion = table[:, [place[name] for name in CONFUSION]]
    out["state_kappa"] = figure(confusion, kappa_of_counts, confusion.sum(axis=1), seed)
    return out


def _count_events(row: Row, one: Sequence[Event], other: Sequence[Event]) -> None:
    """Add the events of one unit: a pair is two events, one of each side, so both sides weigh the same."""
    pairs = match(one, other)
    for event in (*one, *other):
        row["spans" if is_span(event) else "instants"] += 1
    row["first"] += len(one)
    row["second"] += len(other)
    row["quiet_first"] += not one  # nothing of what was asked for happens, says this file
    row["quiet_second"] += not other
    row["still"] += not one and not other
    for pair in pairs:
        _count_pair(row, pair)


def _count_pair(row: Row, pair: Pair) -> None:
    if is_span(pair.first):
        row["iou"] += 2 * pair.iou
        row["half"] += 2 * pair.same
    else:
        row["near"] += 2
        row["near_pairs"] += 1
        row["gap_s"] += pair.gap_s
    if pair.same:
        row["found"] += 1
        row["f1"] += token_f1(pair.first.text, pair.second.text)
        row["equal"] += words(pair.first.text) == words(pair.second.text)


def _count_turns(row: Row, one: bytearray, other: bytearray) -> None:
    """Add the states of one unit's turns (a code a turn, in the order of STATES)."""
    first, second = (np.frombuffer(states, dtype=np.uint8).astype(np.intp) for states in (one, other))
    row["turns"] += len(first)
    row["same"] += int((first == second).sum())
    both = np.bincount(first * len(STATES) + second, minlength=len(CONFUSION))
    for name, number in zip(CONFUSION, both.tolist(), strict=True):
        row[name] += number


def _shared(one: Units, other: Units) -> dict[str, dict[str, int]]:
    """Units by task that both files have, and those that only one has: these are not compared."""
    mine, theirs = one.samples.keys(), other.samples.keys()
    sides = {"both": mine & theirs, "only_first": mine - theirs, "only_second": theirs - mine}
    return {name: dict(sorted(Counter(task for _, task, _ in keys).items())) for name, keys in sides.items()}
