"""What the responses of a label may be after a person has changed them; page and stages ask the same."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from components.annotate import base_labels
from components.annotate.ground import TASK as GROUND
from components.annotate.ground import span_text
from components.protocol.labels import LabelError, clean_text, read_label
from components.protocol.times import MICRO, parse_time

Response = dict[str, Any]
FIELDS = ("content", "st_time", "end_time", "time")
UNUSED = ""
LONGEST_S = 1e9  # beyond any video; a whole number of 400 digits would fit into no float
SPAN_TASKS = ("event_caption", "action_caption", GROUND)  # stage ground reads spans from event captions
TOLD = re.compile(r"from \d+(?:\.\d+)?s to \d+(?:\.\d+)?s")


def shape_fault(item: Any) -> str | None:
    """Why `item` is not a response with numbers for times; None if it is.

    It has the four fields of the raw label format, times are numbers or "", and either `st_time` and
    `end_time` are given (a span) or `time` is (an instant).
    """
    if not isinstance(item, dict) or sorted(item) != sorted(FIELDS):
        return f"expected an object with {', '.join(FIELDS)}, found {item!r:.80}"
    if not isinstance(item["content"], str):
        return f"content: expected text, found {item['content']!r:.80}"
    for key in FIELDS[1:]:
        value = item[key]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value != UNUSED and not (number and abs(value) <= LONGEST_S):  # also no NaN
            return f'{key}: expected seconds or "", found {value!r:.80}'
    given = tuple(item[key] != UNUSED for key in FIELDS[1:])
    if given not in ((True, True, False), (False, False, True)):
        return "expected st_time and end_time, or time alone"
    return None


def is_span(item: Mapping[str, Any]) -> bool:
    """Whether a response of this shape is a span; else it is an instant."""
    return bool(item["st_time"] != UNUSED)


def faults(
    label: Mapping[str, Any], responses: Sequence[Response], duration_s: float
) -> list[tuple[int, str]]:
    """What is wrong with `responses` in place of the label's own: (position, sentence); -1 is the label.

    Args:
        label: a raw label.
        responses: of the shape that `shape_fault` accepts.
        duration_s: length of the label's video.

    """
    found = [(place, text) for place, item in enumerate(responses) for text in _item_faults(item, duration_s)]
    if spans_only(label):
        instants = [place for place, item in enumerate(responses) if not is_span(item)]
        found += [(place, f"{label['task_type']} needs a start and an end") for place in instants]
    if label.get("task_type") == GROUND:
        found += [(place, "the text tells other times") for place in _told_otherwise(responses)]
    if not found:
        found += _label_faults({**label, "response": list(responses)}, duration_s)
    return sorted(found)


def _item_faults(item: Response, duration_s: float) -> list[str]:
    found = []
    try:
        clean_text(item)
    except LabelError as error:
        found.append(error.detail)
    end_s = round(duration_s, MICRO)
    if is_span(item):
        if not 0 <= item["st_time"] < item["end_time"] <= end_s:
            found.append(
                f"{item['st_time']:g} s to {item['end_time']:g} s: expected 0 <= start < end <= {end_s:g} s"
            )
    elif not 0 <= item["time"] < end_s:
        found.append(f"{item['time']:g} s: expected an instant of the video, 0 <= time < {end_s:g} s")
    return found


def _label_faults(label: Mapping[str, Any], duration_s: float) -> list[tuple[int, str]]:
    """Of the label as a whole: valid Unicode; for base_qa a pair of question and answer each."""
    try:
        checked = read_label(label)
        if label.get("task_type") == base_labels.TASK:
            base_labels.check(checked, label.get("kind"), duration_s)
    except LabelError as error:
        return [(-1, error.detail)]
    return []


def spans_only(label: Mapping[str, Any]) -> bool:
    """Whether every response of this label must be a span: of a task of events that has no instant now."""
    return label.get("task_type") in SPAN_TASKS and not any(
        str(item.get("st_time", UNUSED)).strip() == UNUSED for item in label.get("response", [])
    )


def _told_otherwise(responses: Sequence[Response]) -> list[int]:
    return [place for place, item in enumerate(responses) if spoken(item)["content"] != item["content"]]


def spoken(item: Response) -> Response:
    """A grounding response whose text tells its own span again; any other text stays."""
    if not (is_span(item) and TOLD.fullmatch(item["content"].strip())):
        return item
    return {**item, "content": span_text(item["st_time"], item["end_time"])}


def with_numbers(item: Mapping[str, Any]) -> Response:
    """A response of any raw label with numbers for times, so that it can be edited.

    A time that cannot be read becomes "": where that leaves neither a span nor an instant, the reviewer sees
    it as an instant at 0 s and has to place it.
    """
    start, end, time = (_seconds(item.get(key)) for key in FIELDS[1:])
    content = item.get("content") if isinstance(item.get("content"), str) else ""
    if start != UNUSED and end != UNUSED:
        return {"content": content, "st_time": start, "end_time": end, "time": UNUSED}
    return {"content": content, "st_time": UNUSED, "end_time": UNUSED, "time": time or 0}


def _seconds(value: object) -> float | str:
    try:
        seconds = parse_time(value)
    except ValueError:
        return UNUSED
    return UNUSED if seconds is None else seconds
