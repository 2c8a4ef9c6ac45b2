"""Released labels -> real-valued times (rule 5 of the rules of time): they number seconds from 1."""

from collections.abc import Mapping
from typing import Any

from components.protocol.times import parse_time


def from_released(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a released label with times counted from the first frame, for the corrected rules.

    The fifth second, "5", is [4, 5): questions and instants t -> max(0, t - 1), spans (st, end) ->
    [max(0, st - 1), end). Fractions are kept. A time that cannot be read stays; conversion reports it.
    """
    out = dict(raw)
    for key in ("question", "response"):
        items = raw.get(key)
        if isinstance(items, list):
            out[key] = [_item(item) if isinstance(item, Mapping) else item for item in items]
    return out


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    shifts = {"time": 1.0, "st_time": 1.0, "end_time": 0.0}
    return {key: _shift(value, shifts[key]) if key in shifts else value for key, value in item.items()}


def _shift(value: object, shift_s: float) -> object:
    try:
        seconds = parse_time(value)
    except ValueError:
        return value
    return value if seconds is None else max(0.0, seconds - shift_s)
