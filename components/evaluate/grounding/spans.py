"""Temporal overlap, and how well a query's first answer lies over its true spans.

IoU of spans (a, b) and (c, d): seconds in both / seconds in either. R@t: the share of queries whose first
answer has an IoU of at least t; mIoU: the mean. Of several true spans the one that the answer overlaps most
counts (QVHighlights, github.com/jayleicn/moment_detr, standalone_eval); a query without answer has IoU 0.
"""

from collections.abc import Sequence

THRESHOLDS = (0.3, 0.5, 0.7)
Span = tuple[float, float]  # seconds


def iou(one: Span, other: Span) -> float:
    """Overlap of two spans, 0 to 1; a span that does not begin before it ends overlaps nothing."""
    if not (one[0] < one[1] and other[0] < other[1]):
        return 0.0
    both = min(one[1], other[1]) - max(one[0], other[0])
    # Where both is positive, either is the hull.
    return both / (max(one[1], other[1]) - min(one[0], other[0])) if both > 0 else 0.0


def best(answer: Span | None, truths: Sequence[Span]) -> float:
    """The largest IoU of an answer with any true span; 0 without answer or truth."""
    return max((iou(answer, truth) for truth in truths), default=0.0) if answer else 0.0


def matches(answers: Sequence[Span], truths: Sequence[Span], threshold: float) -> int:
    """Pairs of answer and true span, each used once, with an IoU of at least `threshold`.

    Pairs are taken from the largest IoU down, the earlier answer first where two are equal.
    """
    pairs = [(-iou(a, t), i, j) for i, a in enumerate(answers) for j, t in enumerate(truths)]
    used_answers: set[int] = set()
    used_truths: set[int] = set()
    for negative, i, j in sorted(pairs):
        if -negative >= threshold and i not in used_answers and j not in used_truths:
            used_answers.add(i)
            used_truths.add(j)
    return len(used_answers)
