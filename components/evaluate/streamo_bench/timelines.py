"""What a set is made from: one video's events, and the readers of the public label files that hold them.

ActivityNet Captions and YouCook2 come in one form (2D-TAN, PDVC): `{video: {"duration", "timestamps":
[[start, end]], "sentences": [text]}}`, real seconds. What cannot be used is left out and counted, never
mended.
"""

import itertools
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.evaluate.streamo_bench.format import Moment
from components.protocol.states import contains_state_token
from components.protocol.turns import FRAME

LICENCES = {
    "activitynet_captions": "research use (ActivityNet Captions)",
    "youcook2": "research use (YouCook2)",
}


@dataclass(frozen=True)
class Standing:
    """A question that is answered again and again, with the moments at which it is."""

    question: str
    truth: tuple[Moment, ...]


@dataclass(frozen=True)
class Timeline:
    """One video's annotated events and the instructions they can answer.

    Attributes:
        video_id: as the set will name it.
        duration_s: seconds.
        source: name of the annotations.
        licence: theirs.
        events: what can be grounded, by start.
        narration: requests for a running commentary.
        dense: requests for a caption at the end of each event.
        tsqa: questions whose answer changes.

    """

    video_id: str
    duration_s: float
    source: str
    licence: str
    events: tuple[Moment, ...]
    narration: tuple[Standing, ...]
    dense: tuple[Standing, ...]
    tsqa: tuple[Standing, ...]


NARRATE = "Narrate the video: say in one sentence what begins, whenever something new begins."
DESCRIBE = "Describe every event in one sentence as soon as it has ended."
WHICH = "Which step is being done now? Tell me again whenever it changes."
HOW_MANY = "Keep telling me how many steps have been finished so far."


def read_public(path: Path, source: str) -> tuple[list[Timeline], Counter[str]]:
    """The timelines of a label file, sorted by video, and what was left out by reason.

    Args:
        path: JSON in the form above.
        source: a name of `LICENCES`, or any other, whose licence is then `unknown`.

    Raises:
        DataError: the file is no object of videos.

    """
    rows = read_json(path)
    if not isinstance(rows, dict):
        raise DataError(f"{path}: expected an object {{video: {{duration, timestamps, sentences}}}}")
    left_out: Counter[str] = Counter()
    found = [read_video(name, row, source, left_out) for name, row in sorted(rows.items())]
    return [timeline for timeline in found if timeline is not None], left_out


def read_video(name: str, row: Any, source: str, left_out: Counter[str]) -> Timeline | None:
    """One video's timeline; None, counted, where there is no usable event."""
    try:
        duration = float(row["duration"])
        pairs = list(zip(row["timestamps"], row["sentences"], strict=True))
    except (KeyError, TypeError, ValueError):
        left_out["video_malformed"] += 1
        return None
    if not (math.isfinite(duration) and duration > 0):
        left_out["video_malformed"] += 1
        return None
    read = [read_event(span, text, duration, left_out) for span, text in pairs]
    events = tuple(sorted((event for event in read if event), key=lambda one: (one.start_s, one.end_s)))
    if not events:
        left_out["video_without_event"] += 1
        return None
    licence = LICENCES.get(source, "unknown")
    standing = (
        (Standing(NARRATE, tuple(Moment(e.start_s, e.start_s, e.text) for e in events)),),
        (Standing(DESCRIBE, tuple(sorted(events, key=lambda one: (one.end_s, one.start_s)))),),
        series(events),
    )
    return Timeline(name, duration, source, licence, events, *standing)


def read_event(span: Any, text: Any, duration: float, left_out: Counter[str]) -> Moment | None:
    """One event; None, counted by reason, if it has no time, lies outside the video or has no safe text."""
    try:
        start, end = float(span[0]), float(span[1])
    except (TypeError, ValueError, IndexError):
        left_out["event_without_time"] += 1
        return None
    if not 0 <= start < end <= duration:  # also not a number
        left_out["event_outside_video"] += 1
        return None
    words = " ".join(text.split()) if isinstance(text, str) else ""
    if not words:
        left_out["event_without_text"] += 1
        return None
    if contains_state_token(words) or FRAME in words:
        left_out["event_spells_a_token"] += 1
        return None
    return Moment(round(start, 3), round(end, 3), words)


def series(events: tuple[Moment, ...]) -> tuple[Standing, ...]:
    """Which step is being done, asked where steps do not overlap, and how many have ended."""
    ends = sorted(event.end_s for event in events)
    counts = Standing(HOW_MANY, tuple(Moment(end, end, str(n)) for n, end in enumerate(ends, 1)))
    apart = all(one.end_s <= two.start_s for one, two in itertools.pairwise(events))
    which = Standing(WHICH, tuple(Moment(e.start_s, e.start_s, e.text) for e in events))
    return (which, counts) if apart else (counts,)
