"""What can be told of a timeline from some of its seconds alone, and at which of them something sets in.

A model that is shown every third second sees an event from the first frame that shows it to the first that no
longer does. One that lies between two frames it does not see at all, and two in a row are one.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

Row = dict[str, Any]


def coarse(rows: Iterable[Row], seconds: Sequence[int], duration_s: float) -> list[Row]:
    """Spans as `seconds` show them: those of the same words that touch are one, an unseen one is none."""
    if all(later - sooner == 1 for sooner, later in pairwise(seconds)):
        return list(rows)
    found: list[Row] = []
    for row in sorted(rows, key=lambda row: (row["start"], row["end"])):
        start, end = (_shown(row[name], seconds, duration_s) for name in ("start", "end"))
        if start == end:
            continue
        before = [one for one in found if one["text"] == row["text"] and one["end"] == start]
        if before:
            before[0]["end"] = end
        else:
            found.append({**row, "start": start, "end": end})
    return found


def steps(value: Callable[[int], str], seconds: Sequence[int]) -> list[tuple[int, str, str]]:
    """(second, before, after) of each value that `seconds` show to differ from the one before."""
    pairs = ((second, value(before), value(second)) for before, second in pairwise(seconds))
    return [(second, before, after) for second, before, after in pairs if before != after]


def sets_in(seconds: Sequence[int], holds: Callable[[int], bool], *, from_start: bool = True) -> int | None:
    """The first of `seconds` at which something holds that did not at the one before.

    `from_start`: what holds at second 0 sets in there.
    """
    if from_start and seconds[0] == 0 and holds(0):
        return 0
    pairs = pairwise(seconds)
    return next((second for before, second in pairs if holds(second) and not holds(before)), None)


def _shown(time: float, seconds: Sequence[int], duration_s: float) -> float:
    """The first of `seconds` from `time` on; past the last of them, the video's end."""
    return next((second for second in seconds if second >= time), duration_s)
