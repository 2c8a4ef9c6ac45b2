"""Average precision of ranked spans (mAP of moment retrieval) and of clip scores (mAP of highlights).

Moment retrieval, as ActivityNet and QVHighlights count it (github.com/jayleicn/moment_detr,
standalone_eval): an answer is right if its IoU with a true span that no earlier answer took is at least the
threshold; AP is the area under the precision that no later recall exceeds; a query's figure is the mean
over thresholds 0.5, 0.55 ... 0.95.
"""

from collections.abc import Sequence

from components.evaluate.grounding.spans import Span, iou

THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
MOST_ANSWERS = 10  # of one query, as in QVHighlights


def span_ap(ranked: Sequence[Span], truths: Sequence[Span], threshold: float) -> float:
    """AP of one query's answers at one threshold, 0 to 1.

    Args:
        ranked: answers, the surest first; those after `MOST_ANSWERS` do not count.
        truths: true spans.
        threshold: least IoU.

    """
    free = set(range(len(truths)))
    precisions: list[float] = []  # at each answer that finds a new true span
    for rank, answer in enumerate(ranked[:MOST_ANSWERS], 1):
        overlaps = {index: iou(answer, truths[index]) for index in free}
        found = max(overlaps, key=lambda index: (overlaps[index], index), default=None)
        if found is not None and overlaps[found] >= threshold:
            free.discard(found)
            precisions.append((len(precisions) + 1) / rank)
    best, area = 0.0, 0.0
    for precision in reversed(precisions):
        best = max(best, precision)
        area += best / len(truths)
    return area


def mean_ap(ranked: Sequence[Span], truths: Sequence[Span]) -> float:
    """`span_ap` averaged over `THRESHOLDS`."""
    return sum(span_ap(ranked, truths, threshold) for threshold in THRESHOLDS) / len(THRESHOLDS)


def score_ap(scores: Sequence[float], right: Sequence[bool]) -> float:
    """AP of clip scores against labels, 0 to 1, by the rule of QVHighlights' highlight detection.

    Clips of one score enter together. AP is the mean, over the levels of recall reached, of the best
    precision at that recall or beyond. Without a right clip it is 0, with right clips only 1.
    """
    if not any(right):
        return 0.0
    if all(right):
        return 1.0
    levels: list[tuple[int, int]] = []  # right ones, all, down to each score
    found = taken = 0
    order = sorted(range(len(scores)), key=lambda index: -scores[index])
    for place, index in enumerate(order):
        found, taken = found + right[index], taken + 1
        if place + 1 == len(order) or scores[order[place + 1]] != scores[index]:
            levels.append((found, taken))
    best, reached = 0.0, []
    for place in reversed(range(len(levels))):
        found, taken = levels[place]
        best = max(best, found / taken)
        if found != (levels[place - 1][0] if place else 0):
            reached.append(best)
    return sum(reached) / len(reached)
