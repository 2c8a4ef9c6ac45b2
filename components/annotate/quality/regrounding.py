"""Self-consistency: does a teacher that grounds its own captions a second time find the same spans?"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from components.annotate.quality.figures import figure, ratio
from components.annotate.quality.matching import HALF, iou

Span = tuple[float, float]
COLUMNS = ("spans", "iou", "same", "videos", "kept")


def self_consistency(
    passes: Mapping[str, Sequence[tuple[Span, Span]]], *, threshold: float = HALF, seed: int = 0
) -> dict[str, Any]:
    """First spans against second spans of the same captions (paper, event captions: grounded again).

    Args:
        passes: of each video its captions' two spans, seconds; a video without captions counts for nothing.
        threshold: overlap from which two spans agree.
        seed: of the bootstrap over videos.

    Returns:
        `span_iou` (mean over captions), `span_same` (share of captions at the threshold) and `videos_same`
        (share of videos all of whose captions agree: what the filter keeps), each with n and interval; and
        the `threshold`.

    """
    rows = np.array(
        [_row(pairs, threshold) for _, pairs in sorted(passes.items()) if pairs], dtype=float
    ).reshape(-1, len(COLUMNS))
    spans, overlap, same, videos, kept = range(len(COLUMNS))
    return {
        "threshold": threshold,
        "span_iou": figure(rows, ratio(overlap, spans), rows[:, spans], seed),
        "span_same": figure(rows, ratio(same, spans), rows[:, spans], seed),
        "videos_same": figure(rows, ratio(kept, videos), rows[:, videos], seed),
    }


def passes_of(answers: Iterable[Mapping[str, Any]]) -> dict[str, list[tuple[Span, Span]]]:
    """Both groundings of every caption, from the rows of a caption task's answers.json.

    The spans of a caption are paired in order of time; one that only one pass has is set against nothing, and
    so agrees with nothing.
    """
    found: dict[str, list[tuple[Span, Span]]] = {}
    for answer in answers:
        pairs = found.setdefault(str(answer["video_id"]), [])
        for caption in answer.get("grounded", []):
            first, second = sorted(caption["first"]), sorted(caption["second"] or [])
            for one, other in zip_longest(first, second):
                pairs.append((_span(one, other), _span(other, one)))
    return found


def _span(one: Sequence[float] | None, other: Sequence[float] | None) -> Span:
    """`one`, or the empty span at the beginning of the other."""
    start, end = one or ((other or (0.0,))[0],) * 2
    return float(start), float(end)


def _row(pairs: Sequence[tuple[Span, Span]], threshold: float) -> list[float]:
    overlaps = [iou(first, second) for first, second in pairs]
    same = sum(overlap >= threshold for overlap in overlaps)
    return [len(pairs), sum(overlaps), same, 1, same == len(pairs)]
