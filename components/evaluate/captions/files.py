"""Reads dense captions: TimeChat's and Vid2Seq's annotation file, ActivityNet's form, and answers by video.

Annotations: `{"annotations": [{"image_id", "segments": [[start, end]], "pure_cap": "a. b", "duration"}]}`, or
`{video: {"duration", "timestamps": [[start, end]], "sentences": [text]}}`. Answers: `{video: [{"timestamp":
[start, end], "caption"}]}`, alone or, as ActivityNet's server takes them, under `results` with `sentence`.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.evaluate.captions.events import Event
from components.evaluate.grounding.files import as_span
from components.evaluate.grounding.spans import Span


@dataclass(frozen=True)
class Captioned:
    """One annotated video."""

    video: str
    events: tuple[Event, ...]
    duration_s: float | None


def load_videos(path: Path) -> list[Captioned]:
    """The annotated videos of a file, in its order; DataError names the one that is not usable."""
    value = read_json(path)
    if isinstance(value, dict) and isinstance(value.get("annotations"), list):
        rows = [(row.get("image_id") if isinstance(row, dict) else None, row) for row in value["annotations"]]
    elif isinstance(value, dict):
        rows = list(value.items())
    else:
        rows = []
    if not rows:
        raise DataError(f"{path}: expected `annotations`, or an object of videos with `timestamps`")
    videos = [captioned(name, row, f"{path}: video {name}") for name, row in rows]
    twice = [name for name, count in Counter(one.video for one in videos).items() if count > 1]
    if twice:
        raise DataError(f"{path}: video {twice[0]} is annotated twice")
    return videos


def captioned(name: Any, row: Any, where: str) -> Captioned:
    """One annotation row."""
    try:
        if "segments" in row:
            spans, texts = row["segments"], sentences(row)
        else:
            spans, texts = row["timestamps"], row["sentences"]
        duration = float(row["duration"]) if "duration" in row else None
        events = [Event(ordered(one), str(text).strip()) for one, text in zip(spans, texts, strict=True)]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{where}: no captioned events ({type(error).__name__}: {error})") from None
    if not isinstance(name, str) or not events:
        raise DataError(f"{where}: expected a name, and a span [start, end] for every sentence")
    return Captioned(name.rsplit("/", 1)[-1], tuple(events), duration)


def ordered(value: Any) -> Span:
    """Two finite numbers, the smaller first; an event without length stays, though nothing can overlap it."""
    start, end = sorted(float(one) for one in value)
    if not (math.isfinite(start) and math.isfinite(end)):
        raise ValueError(f"a span of {value}")
    return (start, end)


def sentences(row: Mapping[str, Any]) -> list[str]:
    """The captions of a Vid2Seq row, one a segment; ValueError where their number cannot be told."""
    if isinstance(row.get("pure_cap"), str):
        return [text for text in row["pure_cap"].split(". ") if text]
    return [text.strip() for text in row["caption"].split(".") if len(text) > 5]


def load_captions(path: Path) -> tuple[dict[str, list[Event]], Counter[str]]:
    """What any model's file says of each video, and what was odd by reason.

    A span that ends before it starts is turned round, as the official scripts do, and counted.

    Raises:
        DataError: the file is no object of videos.

    """
    value = read_json(path)
    if isinstance(value, dict) and isinstance(value.get("results"), dict):
        value = value["results"]
    if not isinstance(value, dict):
        raise DataError(f"{path}: expected an object {{video: [{{timestamp, caption}}]}}")
    odd: Counter[str] = Counter()
    answers = {}
    for name, rows in value.items():
        if not isinstance(rows, list):
            odd["answer_unreadable"] += 1
            rows = []
        answers[name.rsplit("/", 1)[-1]] = read_events(rows, odd)
    return answers, odd


def read_events(rows: Sequence[Any], odd: Counter[str]) -> list[Event]:
    """The usable captions of one video."""
    events = []
    for row in rows:
        fields = row if isinstance(row, dict) else {}
        text, given = fields.get("caption", fields.get("sentence")), fields.get("timestamp")
        turned = list(reversed(given)) if isinstance(given, list) and len(given) == 2 else None
        span = as_span(given) or as_span(turned)
        if not isinstance(text, str) or not text.strip():
            odd["caption_without_text"] += 1
        elif span is None:
            odd["caption_without_span"] += 1
        else:
            odd["span_turned_round"] += as_span(given) is None
            events.append(Event(span, text.strip()))
    return events
