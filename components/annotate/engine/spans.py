"""Times of an answer: inside the video, the right way round, and how well two spans agree.

The one clamp: an end past the video's end by less than a second is set to its end (`clamped_end`), since a
model that is shown whole seconds rounds up. Every other time outside is refused.
"""

import math
from collections.abc import Sequence

from components.annotate.engine.described import Described

OUTSIDE, TURNED, EMPTY = "outside_video", "ends_before_start", "empty_span"
CLAMPED = "clamped_end"
CLAMP_S = 1.0
Span = tuple[float, float]


def span(one: Described, where: str, start: float, end: float, *, instant: bool = False) -> Span | None:
    """`[start, end)` in seconds to the millisecond; None where it was refused.

    Args:
        one: the clip; refusals and clamps are counted there.
        where: begins each detail.
        start: seconds.
        end: seconds.
        instant: whether start = end is fine.

    """
    duration = one.clip.duration_s
    place = round(start, 3), round(end, 3)  # before the checks: nothing may become empty or late by rounding
    reason = _wrong(*place, duration, instant=instant)
    if reason:
        one.refuse(reason, f"{where}: [{start}, {end}) of {duration:g} s")
        return None
    if end > duration:
        one.counts[CLAMPED] += 1
    return place[0], min(place[1], duration)


def _wrong(start: float, end: float, duration: float, *, instant: bool) -> str:
    """Why `[start, end)` cannot be used; empty if it can, perhaps clamped."""
    if not (math.isfinite(start) and math.isfinite(end)):
        return OUTSIDE
    if end < start:
        return TURNED
    if start < 0 or start >= duration or end - duration >= CLAMP_S:
        return OUTSIDE
    return EMPTY if end == start and not instant else ""


def iou(first: Span, second: Span) -> float:
    """Intersection over union of two spans of more than no length, 0 to 1."""
    shared = max(0.0, min(first[1], second[1]) - max(first[0], second[0]))
    return shared / (first[1] - first[0] + second[1] - second[0] - shared)


def agreement(first: Sequence[Span], second: Sequence[Span]) -> float:
    """The lowest IoU of two lists of spans of one caption, paired in order; 0 where they differ in number."""
    if len(first) != len(second):
        return 0.0
    return min((iou(a, b) for a, b in zip(sorted(first), sorted(second), strict=True)), default=1.0)
