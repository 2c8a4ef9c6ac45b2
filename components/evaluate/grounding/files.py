"""Reads grounding annotations and answers: TimeChat's files and QVHighlights' JSON lines.

Annotations: `{"annotations": [{"id", "image_id", "timestamp": [start, end]}]}`, or rows `{"qid", "vid",
"relevant_windows": [[start, end]], "duration", "relevant_clip_ids", "saliency_scores"}`. Answers: `{id:
{"timestamp": [[start, end], ...]}}`, or rows `{"qid", "pred_relevant_windows": [[start, end, score]],
"pred_saliency_scores": [number a clip]}`. A file of rows is JSON lines or one list.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.evaluate.grounding.spans import Span

CLIP_S = 2  # QVHighlights' clips


@dataclass(frozen=True)
class Saliency:
    """What people thought of the clips of a video: `scores` per clip of `clips`, `count` clips in all."""

    count: int
    clips: tuple[int, ...]
    scores: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Query:
    """One query on one video with its true spans."""

    id: str
    video: str
    truths: tuple[Span, ...]
    duration_s: float | None
    saliency: Saliency | None


@dataclass(frozen=True)
class Answer:
    """What was answered: spans, the surest first, and scores by clip where the file has them."""

    spans: tuple[Span, ...]
    scores: tuple[float, ...] | None = None


@dataclass
class Answers:
    """Answers by query id, and what was odd in the file, by reason."""

    by_id: dict[str, Answer] = field(default_factory=dict)
    odd: Counter[str] = field(default_factory=Counter)


def read_rows(path: Path) -> Any:
    """A JSON file, or a list from JSON lines; DataError if it is neither."""
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        if len(lines) > 1 and lines[0].lstrip().startswith("{") and lines[0].rstrip().endswith("}"):
            return [json.loads(line) for line in lines]
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        return read_json(path)  # it says what is wrong, or reads an object that only looked like lines
    return read_json(path)


def load_queries(path: Path) -> list[Query]:
    """The queries of an annotation file, in its order.

    Raises:
        DataError: a row without id or usable spans, or an id that comes twice; it names the row.

    """
    value = read_rows(path)
    rows = value.get("annotations") if isinstance(value, dict) else value
    if isinstance(value, dict) and rows is None and "qid" in value:
        rows = [value]
    if not isinstance(rows, list) or not rows:
        raise DataError(f"{path}: expected a list of queries, JSON lines, or an object with `annotations`")
    queries = [query(row, f"{path}: row {number}") for number, row in enumerate(rows)]
    twice = [name for name, count in Counter(one.id for one in queries).items() if count > 1]
    if twice:
        raise DataError(f"{path}: query {twice[0]} occurs {len(twice)} time(s) more than once")
    return queries


def query(row: Any, where: str) -> Query:
    """One annotation row."""
    try:
        if "relevant_windows" in row:
            spans = [as_span(one) for one in row["relevant_windows"]]
            name, video = str(row["qid"]), str(row["vid"])
        else:
            spans = [as_span(row["timestamp"])]
            name, video = str(row["id"]), str(row["image_id"])
        duration = float(row["duration"]) if "duration" in row else None
        seen = saliency(row, duration) if "saliency_scores" in row else None
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{where}: no query with its spans ({type(error).__name__}: {error})") from None
    found = [one for one in spans if one is not None]
    if not found or len(found) != len(spans):
        raise DataError(f"{where}: expected true spans [start, end] with start < end, in seconds")
    return Query(name, video, tuple(found), duration, seen)


def saliency(row: Mapping[str, Any], duration: float | None) -> Saliency:
    """The ratings of a QVHighlights row."""
    if duration is None:
        raise ValueError("saliency_scores without duration")
    clips = tuple(int(clip) for clip in row["relevant_clip_ids"])
    scores = tuple(tuple(float(one) for one in ratings) for ratings in row["saliency_scores"])
    if len(clips) != len(scores) or len({len(ratings) for ratings in scores}) > 1:
        raise ValueError("saliency_scores must hold as many ratings for each clip of relevant_clip_ids")
    return Saliency(int(duration / CLIP_S), clips, scores)


def as_span(value: Any) -> Span | None:
    """The first two numbers of a list as a span; None unless they are finite and in order."""
    if not isinstance(value, list | tuple) or len(value) < 2:
        return None
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in value[:2]):
        return None
    start, end = float(value[0]), float(value[1])
    return (start, end) if math.isfinite(start) and math.isfinite(end) and start < end else None


def load_answers(path: Path) -> Answers:
    """The answers of any model's file; what cannot be read as a span is counted and answers nothing.

    Raises:
        DataError: the file is neither an object by query id nor a list of rows with `qid`.

    """
    value = read_rows(path)
    answers = Answers()
    if isinstance(value, dict) and "qid" in value:
        value = [value]
    if isinstance(value, dict):
        for name, row in value.items():
            given = row.get("timestamp") if isinstance(row, dict) else None
            answers.by_id[str(name)] = Answer(read_spans(given, answers.odd))
        return answers
    if not isinstance(value, list):
        raise DataError(f"{path}: expected an object by query id, or rows with `qid`")
    for number, row in enumerate(value):
        if not isinstance(row, dict) or "qid" not in row:
            raise DataError(f"{path}: row {number}: expected an object with `qid`")
        name = str(row["qid"])
        if name in answers.by_id:
            answers.odd["second_row_of_a_query"] += 1
            continue
        answers.by_id[name] = ranked(row, answers.odd)
    return answers


def ranked(row: Mapping[str, Any], odd: Counter[str]) -> Answer:
    """The answer of a QVHighlights row; spans with a score are sorted by it, the others keep their order."""
    windows = row.get("pred_relevant_windows")
    if isinstance(windows, list):
        windows = sorted(windows, key=lambda one: -confidence(one))
    scores = row.get("pred_saliency_scores")
    numbers = read_scores(scores, odd) if scores is not None else None
    if windows is None and numbers is not None:
        return Answer((), numbers)
    return Answer(read_spans(windows, odd), numbers)


def confidence(window: Any) -> float:
    """The third number of a window, 0 where there is none."""
    if isinstance(window, list | tuple) and len(window) > 2 and isinstance(window[2], int | float):
        return float(window[2]) if math.isfinite(window[2]) else 0.0
    return 0.0


def read_scores(value: Any, odd: Counter[str]) -> tuple[float, ...]:
    """Scores by clip; anything that is no finite number counts as 0."""
    if not isinstance(value, list):
        odd["scores_unreadable"] += 1
        return ()
    good = [isinstance(one, int | float) and math.isfinite(one) for one in value]
    odd["scores_unreadable"] += len(good) - sum(good)
    return tuple(float(one) if fine else 0.0 for one, fine in zip(value, good, strict=True))


def read_spans(value: Any, odd: Counter[str]) -> tuple[Span, ...]:
    """The usable spans of an answer, in its order; one bare `[start, end]` is taken as a span."""
    if not isinstance(value, list):
        odd["answer_unreadable"] += 1
        return ()
    bare = len(value) >= 2 and all(isinstance(one, int | float) for one in value[:2])
    spans = [as_span(one) for one in ([value] if bare else value)]
    odd["span_unreadable"] += sum(one is None for one in spans)
    odd["answer_of_no_span"] += not spans
    return tuple(one for one in spans if one is not None)
