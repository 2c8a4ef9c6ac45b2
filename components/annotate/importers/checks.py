"""What a time, a length, a text and a path of a foreign row must be; a LabelError says why one is not.

The notions are those of the benchmark's reader of the same sets (evaluate/streamo_bench/timelines.py): an
event has a start before its end, inside the video, and words that spell no token. One thing is mended, and
counted: an end that passes the video's by less than a second (the sets round both) is the video's end.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from components.protocol import reasons
from components.protocol.labels import LabelError, clean_text
from components.protocol.times import LONGEST_S, parse_time
from components.video.root import SCHEME

BAD_DURATION = "bad_duration"
EMPTY_SPAN = "empty_span"
OUTSIDE_VIDEO = "outside_video"
DUPLICATE = "duplicate"
NO_PART = "no_usable_part"
UNSAFE_PATH = "unsafe_path"

TRIMMED = "end_trimmed"  # a note, not a reason
SLACK_S = 1.0
VIDEO = re.compile(r"\.(mp4|m4v|avi|mkv|webm|mov|mpe?g|3gp|flv|wmv|ogv)$", re.IGNORECASE)


def field(row: Any, key: str) -> Any:
    """`row[key]`; `malformed` if `row` is no object or has no such key."""
    if not isinstance(row, Mapping):
        raise LabelError(reasons.MALFORMED, f"expected an object, found {row!r:.80}")
    if key not in row:
        raise LabelError(reasons.MALFORMED, f"no {key!r} in {sorted(map(str, row))!r:.80}")
    return row[key]


def items(row: Any, key: str) -> Sequence[Any]:
    """`row[key]`, which must be a list."""
    value = field(row, key)
    if not isinstance(value, list):
        raise LabelError(reasons.MALFORMED, f"expected a list in {key!r}, found {value!r:.80}")
    return value


def seconds(value: Any) -> float:
    """A time from the first frame: a number, `"5.0"` or `"01:05"`; `unreadable_time` otherwise."""
    try:
        time = parse_time(value)
    except ValueError as error:
        raise LabelError(reasons.UNREADABLE_TIME, str(error)) from None
    if time is None:
        raise LabelError(reasons.UNREADABLE_TIME, "expected a time, found none")
    return time


def duration(value: Any) -> float:
    """The length of a video in seconds, above 0 and at most LONGEST_S; `bad_duration` otherwise."""
    try:
        length = seconds(value)
    except LabelError as error:
        raise LabelError(BAD_DURATION, error.detail) from None
    if not 0 < length <= LONGEST_S:
        raise LabelError(
            BAD_DURATION, f"expected more than 0 s, at most {LONGEST_S:.0f} s, found {value!r:.80}"
        )
    return length


def span(start: Any, end: Any, length: float | None) -> tuple[float, float, bool]:
    """Start and end of an event in a video of `length` seconds (None: unknown); whether its end was trimmed.

    Of a video of unknown length it is only known that it is no longer than LONGEST_S.

    Raises:
        LabelError: `unreadable_time`, `ends_before_start`, `empty_span`, `outside_video` (it starts at or
            after the video's end, or ends a second or more after it).

    """
    first, last = seconds(start), seconds(end)
    if last < first:
        raise LabelError(reasons.ENDS_BEFORE_START, f"starts at {first} s and ends at {last} s")
    if last == first:
        raise LabelError(EMPTY_SPAN, f"starts and ends at {first} s")
    if last <= (LONGEST_S if length is None else length):
        return first, last, False
    if length is None or first >= length or last >= length + SLACK_S:
        whole = f"of {length} s" if length is not None else f"of unknown length, at most {LONGEST_S:.0f} s"
        raise LabelError(OUTSIDE_VIDEO, f"[{first}, {last}) s in a video {whole}")
    return first, length, True


def pair(value: Any) -> tuple[Any, Any]:
    """The two items of a list; `malformed` otherwise."""
    if not isinstance(value, list) or len(value) != 2:
        raise LabelError(reasons.MALFORMED, f"expected [start, end], found {value!r:.80}")
    return value[0], value[1]


def words(value: Any) -> str:
    """A text with single blanks; `empty_text`, `state_token_in_text`, `frame_token_in_text`, `malformed`."""
    return " ".join(text(value).split())


def text(value: Any) -> str:
    """A text as it stands, without blanks around it; the reasons of `words`."""
    return _valid(clean_text({"content": value}))


def _valid(read: str) -> str:
    """`read`; `malformed` if it holds half a surrogate pair, which no file can hold."""
    if not read.isascii() and any("\ud800" <= letter <= "\udfff" for letter in read):
        raise LabelError(reasons.MALFORMED, f"{read!r:.80} is not valid Unicode")
    return read


def path(folder: str, name: Any) -> str:
    """`<folder>/<name>` as a video_id, with `.mp4` where the name has no suffix of a video.

    Raises:
        LabelError: `malformed`: no name; `unsafe_path`: absolute, a URL, with `..`, a backslash or a NUL.

    """
    if not isinstance(name, str) or not name.strip():
        raise LabelError(reasons.MALFORMED, f"expected the video's name, found {name!r:.80}")
    named = _valid(name.strip())
    parts = PurePosixPath(named).parts
    if named.startswith("/") or ".." in parts or "\\" in named or "\0" in named or SCHEME.match(named):
        raise LabelError(UNSAFE_PATH, f"{name!r:.120}: expected a relative path without `..`")
    whole = named if VIDEO.search(named) else f"{named}.mp4"
    return PurePosixPath(folder, whole).as_posix()
