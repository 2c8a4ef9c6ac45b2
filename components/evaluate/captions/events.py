"""Captioned events of one video against the true ones: matching at IoU thresholds, and SODA_c.

Matching follows Krishna et al. 2017 (github.com/ranjaykrishna/densevid_eval): a predicted event is found if
it overlaps any true one by more than the threshold, and its caption is compared with every true one it
overlaps by at least that. `one_to_one` beside uses each event once. SODA_c (Fujita et al. 2020,
github.com/fujiso/SODA): the order- keeping assignment with the largest sum of IoU x METEOR, as F1 over both
numbers of events.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from components.evaluate.captions.similarity import meteor
from components.evaluate.grounding.spans import Span, iou, matches

THRESHOLDS = (0.3, 0.5, 0.7, 0.9)
Similar = Callable[[str, str], float]


@dataclass(frozen=True)
class Event:
    """A span with its caption."""

    span: Span
    text: str


def mean(values: Sequence[float]) -> float:
    """The mean; 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def f1(precision: float, recall: float) -> float:
    """Harmonic mean; 0 where both are."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def found(said: Sequence[Event], truths: Sequence[Event], threshold: float) -> tuple[float, float]:
    """Share of predicted events over some true one, and share of true ones under some predicted one."""
    right = sum(any(iou(one.span, truth.span) > threshold for truth in truths) for one in said)
    met = sum(any(iou(one.span, truth.span) > threshold for one in said) for truth in truths)
    return (right / len(said) if said else 0.0, met / len(truths) if truths else 0.0)


def one_to_one(said: Sequence[Event], truths: Sequence[Event], threshold: float) -> float:
    """F1 of events where each is used once: a second answer for one event is an error."""
    total = len(said) + len(truths)
    pairs = matches([one.span for one in said], [one.span for one in truths], threshold)
    return 2 * pairs / total if total else 0.0


def caption_score(
    said: Sequence[Event], truths: Sequence[Event], threshold: float, similar: Similar
) -> float:
    """Mean likeness at a threshold: each predicted event with every true one it lies on, else 0."""
    values: list[float] = []
    for one in said:
        near = [truth for truth in truths if iou(one.span, truth.span) >= threshold]
        values += [similar(one.text, truth.text) for truth in near] or [0.0]
    return mean(values)


def fair_caption_score(
    said: Sequence[Event], truths: Sequence[Event], threshold: float, similar: Similar
) -> float:
    """Likeness of events paired one to one, as F1: events too many and events missed both cost."""
    pairs = [(-iou(one.span, t.span), i, j) for i, one in enumerate(said) for j, t in enumerate(truths)]
    used: set[int] = set()
    taken: set[int] = set()
    total = 0.0
    for negative, i, j in sorted(pairs):
        if -negative >= threshold and i not in used and j not in taken:
            used.add(i)
            taken.add(j)
            total += similar(said[i].text, truths[j].text)
    events = len(said) + len(truths)
    return 2 * total / events if events else 0.0


def soda_c(said: Sequence[Event], truths: Sequence[Event]) -> float:
    """SODA_c of one video, 0 to 1; 0 where nothing was said.

    Both lists are put in order of time first; the assignment may skip events of either, never cross.
    """
    ours = sorted(said, key=lambda one: one.span)
    theirs = sorted(truths, key=lambda one: one.span)
    row = [0.0] * (len(ours) + 1)
    for truth in theirs:
        above, row = row, [0.0]
        for place, one in enumerate(ours):
            overlap = iou(one.span, truth.span)
            worth = overlap * meteor(one.text, truth.text) if overlap else 0.0
            row.append(max(above[place] + worth, above[place + 1], row[place]))
    best = row[-1]
    return f1(best / len(ours), best / len(theirs)) if ours and theirs else 0.0
