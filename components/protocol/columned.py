"""Labels by column before their times are read: from a table of LABEL_SCHEMA, or from JSON of that shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.protocol.columnar import Array
from components.protocol.labels import video_id
from components.protocol.times import LONGEST_S, MICRO, parse_time

WORDS = ("id", "video_path", "video_name", "task_type", "source")
QUESTION_TIMES = ("time",)
RESPONSE_TIMES = ("st_time", "end_time", "time")
UNUSED, UNREADABLE = float("nan"), -1.0
MICROS = 10**MICRO


@dataclass(frozen=True, slots=True)
class Items:
    """(M,) questions or responses of all labels: whose they are, where in its list, their texts and times."""

    owner: Array
    position: Array
    texts: pa.StringArray
    times: Mapping[str, Array]  # seconds; NaN where unused, -1 where unreadable


@dataclass(frozen=True, slots=True)
class Columned:
    """(S,) labels and their items.

    Attributes:
        at: the position of each in its block, ascending.
        videos: video_id, empty where the label names none.
        tasks, sources: words, empty where unknown.
        listed: whether its questions and its responses are lists.
        questions, responses: `owner` counts from 0 over these labels.

    """

    at: Array
    videos: list[str]
    tasks: list[str]
    sources: list[str]
    listed: Array
    questions: Items
    responses: Items


def of_table(table: pa.Table, videos: list[str]) -> Columned:
    """All rows of a table with the types of LABEL_SCHEMA."""
    question, response = (table.column(name).combine_chunks() for name in ("question", "response"))
    return Columned(
        at=np.arange(table.num_rows),
        videos=videos,
        tasks=[text or "" for text in table.column("task_type").to_pylist()],
        sources=[text or "" for text in table.column("source").to_pylist()],
        listed=np.asarray(question.is_valid()) & np.asarray(response.is_valid()),
        questions=_of_lists(question, QUESTION_TIMES),
        responses=_of_lists(response, RESPONSE_TIMES),
    )


def _of_lists(column: pa.ListArray, names: Sequence[str]) -> Items:
    """Flatten a column of lists of objects with `content` and the times `names`."""
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    inner = pc.list_flatten(column)
    fields = dict(zip([field.name for field in inner.type], inner.flatten(), strict=True))
    times = {
        name: _to_micros(
            pc.if_else(pc.is_nan(fields[name]), UNREADABLE, fields[name]).to_numpy(zero_copy_only=False)
        )
        for name in names
    }
    return Items(*_owned(lengths), fields["content"], times)


def exact(seconds: Array) -> Array:
    """(M,) bool: a time of at most six decimals, which parse_time gives back as it is (NaN is none)."""
    with np.errstate(invalid="ignore", over="ignore"):
        same: Array = (seconds >= 0) & (seconds < LONGEST_S) & (np.rint(seconds * MICROS) / MICROS == seconds)
    return same


def _to_micros(seconds: Array) -> Array:
    """(M,) rounded as parse_time rounds: sums such as 2.36 + 1.0 - 1.0 have more decimals."""
    more = np.flatnonzero((seconds >= 0) & (seconds < LONGEST_S) & ~exact(seconds))
    if len(more):
        seconds = seconds.copy()
        seconds[more] = [round(value, MICRO) for value in seconds[more].tolist()]
    return seconds


def _owned(lengths: Array) -> tuple[Array, Array]:
    """(M,) the label and the place in its list of each item of labels with so many items."""
    owner = np.repeat(np.arange(len(lengths)), lengths)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def of_labels(labels: Sequence[Mapping[str, Any]]) -> Columned | None:
    """The JSON labels whose items are lists of objects and whose names are texts.

    A text or time that is none is written as one that is not plain, so that its label is taken one by one.

    Returns:
        The columns, maybe of no label; None where a text cannot be written (half a surrogate pair).

    """
    at = [row for row, label in enumerate(labels) if _shaped(label)]
    shaped = [labels[row] for row in at]
    try:
        pa.array([label.get(name) for label in shaped for name in WORDS], pa.string())
        questions = _of_objects([label.get("question", []) for label in shaped], QUESTION_TIMES)
        responses = _of_objects([label.get("response", []) for label in shaped], RESPONSE_TIMES)
    except UnicodeEncodeError:
        return None
    return Columned(
        at=np.array(at, dtype=np.int64),
        videos=[video_id(label) for label in shaped],
        tasks=[label.get("task_type") or "" for label in shaped],
        sources=[label.get("source") or "" for label in shaped],
        listed=np.ones(len(at), dtype=bool),
        questions=questions,
        responses=responses,
    )


def _shaped(label: Mapping[str, Any]) -> bool:
    for name in WORDS:
        if not isinstance(label.get(name), str | None):
            return False
    lists = label.get("question", []), label.get("response", [])
    return all(type(items) is list and all(type(item) is dict for item in items) for items in lists)


def _of_objects(lists: Sequence[list[dict[str, Any]]], names: Sequence[str]) -> Items:
    items = [item for several in lists for item in several]
    texts = [text if type(text := item.get("content")) is str else "" for item in items]
    times = {
        name: _to_micros(np.array([_seconds(item.get(name)) for item in items], dtype=np.float64))
        for name in names
    }
    lengths = np.array([len(several) for several in lists], dtype=np.int64)
    return Items(*_owned(lengths), pa.array(texts, pa.string()), times)


def _seconds(value: Any) -> float:
    if type(value) is float and value == value:
        return value  # most times are; what is no time at all is found with those of a table
    if value == "" or value is None:
        return UNUSED
    try:
        seconds = parse_time(value)
    except ValueError:
        return UNREADABLE
    return UNUSED if seconds is None else seconds
