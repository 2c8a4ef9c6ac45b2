"""The clock of a stream: turns are whole seconds counted from the first frame (design: the rules of time)."""

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

# Seconds come as floats (1/3 is a little below one third) and containers as fractions: a frame that begins
# within a microsecond after an instant counts as on screen at it.
SLACK = Fraction(1, 1_000_000)


def num_turns(duration_s: float) -> int:
    """`ceil(duration)`, at least one; a duration that is whole to the microsecond is whole."""
    if not math.isfinite(duration_s) or duration_s < 0:
        raise ValueError(f"a duration is a finite number of seconds >= 0, got {duration_s!r}")
    return max(1, math.ceil(round(duration_s, 6)))


def turn_times(num_turns: int, k: int = 1) -> list[float]:
    """Instants in seconds of `num_turns` turns at `k` frames a second: `i + j/k`, turn by turn."""
    if num_turns < 1 or k < 1:
        raise ValueError(f"turns and frames a second are whole numbers >= 1, got {num_turns} and {k}")
    return [i + j / k for i in range(num_turns) for j in range(k)]


def last_tick(time_s: float, origin: int, time_base: Fraction) -> int:
    """The largest pts that is not after `time_s` seconds from the frame whose pts is `origin`."""
    if not math.isfinite(time_s):
        raise ValueError(f"an instant is a finite number of seconds, got {time_s!r}")
    return origin + math.floor((Fraction(time_s) + SLACK) / time_base)


def seconds(ticks: int, time_base: Fraction) -> float:
    """Ticks of a time base in seconds, rounded to the microsecond."""
    return round(float(ticks * time_base), 6)


def duration_ticks(pts: Sequence[int], last_duration: int, nominal: int) -> int:
    """`last pts + its duration - first pts` of sorted timestamps, in ticks.

    Args:
        pts: presentation timestamps in ascending order, at least one.
        last_duration: the last frame's own duration; 0 where the container does not say.
        nominal: one frame at the stream's nominal rate, 0 if unknown; used for a lone frame without duration.

    """
    gaps = sorted(b - a for a, b in pairwise(pts) if b > a)
    typical = gaps[len(gaps) // 2] if gaps else nominal
    return pts[-1] + (last_duration or typical) - pts[0]


def is_variable(pts: Sequence[int]) -> bool:
    """Whether sorted timestamps are spaced unevenly: a gap off the typical one by more than 10 % and 2 ticks.

    Two ticks, because containers that count milliseconds spell 33.4 ms as 33, 34 or, rounded twice, 35.
    """
    gaps = sorted(b - a for a, b in pairwise(pts))
    if not gaps:
        return False
    typical = gaps[len(gaps) // 2]
    return max(typical - gaps[0], gaps[-1] - typical) > max(2, typical / 10)
