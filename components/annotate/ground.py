"""Event grounding: event captions become queries, answered with the span when the event has ended."""

import math
from typing import Any

from components.annotate.samples import Clip, RawLabel, Sample, asked_apart, clip_rng, how_many
from components.annotate.wording import instruct

TASK = "event_grounding"


def span_text(start: float, end: float) -> str:
    """`from 3s to 6s`: a spelling that follows offset time tags (components.protocol.turns.shift_times)."""
    return f"from {start:g}s to {end:g}s"


def caption_spans(labels: list[RawLabel]) -> dict[str, tuple[float, list[tuple[float, float]]]]:
    """Of one clip: caption -> (the second from which its spans are known to be complete, its spans).

    A label holds every event after its question, so the earliest question of those with the caption decides.
    """
    known: dict[str, tuple[float, set[tuple[float, float]]]] = {}
    for label in labels:
        asked = float(label["question"][0]["time"])
        for response in label["response"]:
            since, spans = known.get(response["content"], (math.inf, set()))
            spans.add((float(response["st_time"]), float(response["end_time"])))
            known[response["content"]] = (min(since, asked), spans)
    return {caption: (since, sorted(spans)) for caption, (since, spans) in sorted(known.items())}


def event_grounding(clip: Clip, labels: list[RawLabel], weights: dict[str, float], seed: int) -> list[Sample]:
    """Queries for random captions of one clip; a caption that is used again is asked for later."""
    generator = clip_rng(seed, TASK, clip)
    known = list(caption_spans(labels).items())
    count = how_many(weights[TASK], generator)
    order = [int(index) for index in generator.permutation(len(known))]
    samples = []
    for number in range(count if known else 0):
        caption, (since, spans) = known[order[number % len(known)]]
        latest = max(end for _, end in spans) - 1
        again = number >= len(known) and latest > since
        asked = since + 0.25 * float(generator.integers(1, int(4 * (latest - since)) + 1)) if again else since
        asked = asked_apart(asked, [end for _, end in spans])
        sample = Sample("grounding").ask(instruct(TASK, generator, caption), asked)
        for start, end in spans:
            if end > asked:
                sample.span(span_text(start, end), start, end)
        samples.append(sample)
    return samples


def group_by_video(labels: list[RawLabel]) -> dict[str, list[Any]]:
    """Labels by video_id."""
    grouped: dict[str, list[Any]] = {}
    for label in labels:
        grouped.setdefault(label["video_path"], []).append(label)
    return grouped
