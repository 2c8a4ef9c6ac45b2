"""Which events of one list are those of another: the best pairs first, each event in one pair at most."""

from collections.abc import Sequence
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
    candidates = []
    for row, one in enumerate(first):
        for column, other in enumerate(second):
            pair = _pair(one, other)
            if pair is not None:
                candidates.append((*_rank(pair), row, column, pair))
    candidates.sort(key=lambda candidate: candidate[:4])
    rows, columns, pairs = set[int](), set[int](), list[Pair]()
    for *_, row, column, pair in candidates:
        if row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            pairs.append(pair)
    return pairs


def _rank(pair: Pair) -> tuple[float, float]:
    """Smaller is better."""
    likeness = token_f1(pair.first.text, pair.second.text)
    return (-pair.iou, -likeness) if pair.iou else (pair.gap_s / NEAR_S - likeness, 0.0)


def _pair(one: Event, other: Event) -> Pair | None:
    if is_span(one) != is_span(other):
        return None
    if not is_span(one):
        gap_s = abs(one.end_s - other.end_s)
        return Pair(one, other, 0.0, gap_s, True) if gap_s <= NEAR_S else None
    overlap = iou((one.start_s, one.end_s), (other.start_s, other.end_s))
    return Pair(one, other, overlap, 0.0, overlap >= HALF) if overlap > 0 else None
