"""Self-consistency: does a teacher that grounds its own captions a second time find the same spans?"""

from collections.abc import Mapping, Sequence
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


def _row(pairs: Sequence[tuple[Span, Span]], threshold: float) -> list[float]:
    overlaps = [iou(first, second) for first, second in pairs]
    same = sum(overlap >= threshold for overlap in overlaps)
    return [len(pairs), sum(overlaps), same, 1, same == len(pairs)]
