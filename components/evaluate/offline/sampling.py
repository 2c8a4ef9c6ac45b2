"""Which instants of a video are shown: k of them, evenly, as each benchmark's own loader has it."""

import math
from collections.abc import Sequence

from components.core.errors import DataError

FRAMES = {"mvbench": 16, "tempcompass": 16, "videomme": 64, "longvideobench": 64}


def instants(
    benchmark: str, duration_s: float, frames: int, bound: tuple[float, float] | None = None
) -> list[float]:
    """Seconds from the first picture, rising.

    LongVideoBench shows the beginnings of k equal parts, at most one a second; the others the middles.

    Args:
        benchmark: its name.
        duration_s: length of the video.
        frames: k.
        bound: the part of the video that is asked about.

    Raises:
        DataError: the part begins after the end of the video, or ends before it begins.

    """
    start, end = bound or (0.0, duration_s)
    end = min(end, duration_s)
    if not 0 <= start < end:
        raise DataError(f"the part {start:g} to {end:g} s is empty in a video of {duration_s:g} s")
    if benchmark == "longvideobench":
        count = max(1, min(frames, int(duration_s)))
        return [duration_s * place / count for place in range(count)]
    return [start + (place + 0.5) * (end - start) / frames for place in range(frames)]


def one_a_second(times_s: Sequence[float]) -> tuple[list[float], list[int]]:
    """The first instant of each second, and these seconds: what a model of the stream form can be shown."""
    kept: dict[int, float] = {}
    for time in times_s:
        kept.setdefault(math.floor(time), time)
    return list(kept.values()), list(kept)
