"""Which events of one list are those of another: the best pairs first, each event in one pair at most."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from components.annotate.quality.texts import token_f1
from components.protocol.turns import Event

HALF = 0.5  # overlap from which two spans count as the same event
NEAR_S = 1.0  # seconds up to which two instants do: neighbouring frames at one a second


@dataclass(frozen=True, slots=True)
class Pair:
    """An event of the first list with its counterpart in the second.

    Attributes:
        first: of the first list.
        second: of the second list.
        iou: of two spans; 0 for instants.
        gap_s: seconds between two instants; 0 for spans.
        same: whether they count as one event: `iou >= HALF`, or `gap_s <= NEAR_S`.

    """

    first: Event
    second: Event
    iou: float
    gap_s: float
    same: bool


def iou(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Intersection over union of two spans `(start, end)` in seconds; 0 where both are empty."""
    shared = max(0.0, min(first[1], second[1]) - max(first[0], second[0]))
    union = (first[1] - first[0]) + (second[1] - second[0]) - shared
    return shared / union if union > 0 else 0.0


def is_span(event: Event) -> bool:
    """Whether the event has a length; one without is an instant."""
    return event.end_s > event.start_s


def match(first: Sequence[Event], second: Sequence[Event]) -> list[Pair]:
    """Pairs of spans that overlap and pairs of instants at most NEAR_S apart, the best first.

    Best is, for spans, the largest overlap, and the more alike texts (token F1) where overlaps are equal. For
    instants it is the largest sum of nearness (1 at no gap, 0 at NEAR_S) and likeness: lines a second apart
    are common, so that time alone would pair neighbours. What finds no partner is in no pair.
    """
    found = [(row, column, _pair(first[row], second[column])) for row, column in near(first, second)]
    overlaps = Counter(pair.iou for *_, pair in found)
    candidates = [(*_rank(pair, overlaps), row, column, pair) for row, column, pair in found]
    candidates.sort(key=lambda candidate: candidate[:4])
    rows, columns, pairs = set[int](), set[int](), list[Pair]()
    for *_, row, column, pair in candidates:
        if row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            pairs.append(pair)
    return pairs


def near(first: Sequence[Event], second: Sequence[Event]) -> Iterator[tuple[int, int]]:
    """Positions of two spans that overlap and of two instants at most NEAR_S apart.

    Events are looked up by time: an hour of narration must not be set against an hour of narration.
    """
    spans = sorted((event.start_s, column) for column, event in enumerate(second) if is_span(event))
    instants = sorted((event.end_s, column) for column, event in enumerate(second) if not is_span(event))
    for row, one in enumerate(first):
        if is_span(one):
            for _, column in spans[: bisect_left(spans, (one.end_s, -1))]:
                if second[column].end_s > one.start_s:
                    yield row, column
        else:
            # The bounds are rounded, so one more is looked at on either side.
            for at, column in instants[bisect_left(instants, (one.end_s - 2 * NEAR_S, -1)) :]:
                if at > one.end_s + NEAR_S:
                    break
                if abs(one.end_s - at) <= NEAR_S:
                    yield row, column


def _rank(pair: Pair, overlaps: Counter[float]) -> tuple[float, float]:
    """Smaller is better; texts are compared only where they decide."""
    if not pair.iou:
        return pair.gap_s / NEAR_S - token_f1(pair.first.text, pair.second.text), 0.0
    alone = overlaps[pair.iou] == 1
    return -pair.iou, 0.0 if alone else -token_f1(pair.first.text, pair.second.text)


def _pair(one: Event, other: Event) -> Pair:
    if not is_span(one):
        return Pair(one, other, 0.0, abs(one.end_s - other.end_s), True)
    overlap = iou((one.start_s, one.end_s), (other.start_s, other.end_s))
    return Pair(one, other, overlap, 0.0, overlap >= HALF)
