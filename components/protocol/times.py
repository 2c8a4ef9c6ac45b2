"""Reading a time of a raw label: a strict reader for corrected rules, one that mirrors the released code."""

import math
import re

MICRO = 6  # decimals: a sum of floats such as 3.0000000000000004 s must not reach into the next turn
LONGEST_S = 1e6  # seconds, eleven days: no video is as long, and up to here a double tells microseconds apart

_SECONDS = re.compile(r"\d+(\.\d+)?")
_CLOCK = re.compile(r"(?:(?P<h>\d+):)?(?P<m>\d+):(?P<s>\d{1,2}(?:\.\d+)?)")


def parse_time(value: object) -> float | None:
    """Seconds from the first frame, or None where the field is empty (`""`, blanks or None).

    Reads numbers, `"5"`, `"5.0"`, `"01:05"` and `"00:01:05"` (below 60 after a larger unit),
    to the microsecond.

    Raises:
        ValueError: anything else: negative, not finite, too large for a double, a boolean, other text or
            another type.

    """
    if type(value) is float and 0 <= value < math.inf:  # most times are: millions of them pass here
        return round(value, MICRO)
    if value is None:
        return None
    if isinstance(value, str):
        return _parse_text(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a time; expected seconds or a clock such as 01:05")
    return _seconds(value, value)


def _seconds(seconds: float, read: object) -> float:
    """`seconds` to the microsecond; ValueError naming what was `read` where they are no time."""
    try:
        number = float(seconds)  # an integer of 400 digits fits into no double
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"{read!r:.80} is not a time; expected a finite number of seconds, 0 or more")
    return round(number, MICRO)


def _parse_text(text: str) -> float | None:
    if not text:
        return None
    if _SECONDS.fullmatch(text):
        return _seconds(float(text), text)
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a time; expected seconds or a clock such as 01:05")
    hours, minutes, seconds = match["h"], float(match["m"]), float(match["s"])
    if seconds >= 60 or (hours is not None and minutes >= 60):
        raise ValueError(f"{text!r} is not a clock; minutes and seconds end at 59")
    return _seconds(float(hours or 0) * 3600 + minutes * 60 + seconds, text)


def released_index(value: object, fps: float) -> int | None:
    """The index the released converter reads from a time field (reference.md, Converter); None where none.

    Numbers and integer strings are indices whatever `fps` is, other numeric strings and clocks are seconds
    times `fps`; fractions are cut off towards zero.
    """
    try:
        if isinstance(value, int | float):
            return int(value)
        text = str(value).strip() if value is not None else ""
        if not text:
            return None
        if ":" in text:
            return _released_clock(text, fps)
        return int(text) if _is_integer(text) else int(float(text) * fps)
    except (ValueError, OverflowError):
        return None


def _is_integer(text: str) -> bool:
    try:
        int(text)
    except ValueError:
        return False
    return True


def _released_clock(text: str, fps: float) -> int | None:
    parts = [float(part) for part in text.split(":")]
    if len(parts) not in (2, 3):
        return None
    hours, minutes, seconds = [0.0, *parts][-3:]
    return int((hours * 3600 + minutes * 60 + seconds) * fps)  # in this order: rounding decides on a fraction
