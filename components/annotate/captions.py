"""Narration, event captions and action captions: standing requests, answered when something has happened."""

from typing import Any

import numpy as np

from components.annotate.samples import Clip, Sample, asked_apart, clip_rng, how_many, pick
from components.annotate.wording import instruct

Event = dict[str, Any]
ABSENT_SHARE = 0.3  # of the clips may be asked for an event that does not happen
LATE_SHARE = 0.2  # of the requests come after the start


def narration(clip: Clip, data: dict[str, Any], weights: dict[str, float], seed: int) -> list[Sample]:
    """Narrate from the start; a video with nothing to narrate is no sample (paper, section on data)."""
    generator = clip_rng(seed, "narration", clip)
    if not data["lines"]:
        return []
    return [_narrate(data["lines"], generator) for _ in range(how_many(weights["narration"], generator))]


def _narrate(lines: list[Event], generator: np.random.Generator) -> Sample:
    sample = Sample("narration").ask(instruct("narration", generator), 0.0)
    for line in lines:
        sample.instant(line["text"], line["time"])
    return sample


def event_caption(clip: Clip, data: dict[str, Any], weights: dict[str, float], seed: int) -> list[Sample]:
    """Requests for every event of a group, for one named event, or for one that does not happen."""
    return _captions("event_caption", clip, data, weights, seed)


def action_caption(clip: Clip, data: dict[str, Any], weights: dict[str, float], seed: int) -> list[Sample]:
    """The same for actions."""
    return _captions("action_caption", clip, data, weights, seed)


def _captions(
    task: str, clip: Clip, data: dict[str, Any], weights: dict[str, float], seed: int
) -> list[Sample]:
    generator = clip_rng(seed, task, clip)
    count = how_many(weights[task], generator)
    scopes = _scopes(data, generator)
    chosen = [scopes[index % len(scopes)] for index in range(count)] if scopes else []
    return [
        _request(task, query, kind, events, _ask_time(number >= len(scopes), clip, generator), generator)
        for number, (query, kind, events) in enumerate(chosen)
    ]


def _scopes(data: dict[str, Any], generator: np.random.Generator) -> list[tuple[str, str, list[Event]]]:
    """(query, kind, events) in random order: groups, single named events, and at most one absent event.

    Of a clip without events all that is absent may be asked for: they are its only samples.
    """
    events = data["events"]
    if not events:
        absent = pick(data["absent"], len(data["absent"]), generator)
        return [(f"the {name}", "quiet", []) for name in absent]
    groups = sorted({event["group"] for event in events})
    names = sorted({event["name"] for event in events if event["name"]})
    scopes = [(f"any {group}", "group", [e for e in events if e["group"] == group]) for group in groups]
    scopes += [(f"the {name}", "named", [e for e in events if e["name"] == name]) for name in names]
    absent = pick(data["absent"], int(generator.random() < ABSENT_SHARE), generator)
    scopes += [(f"the {name}", "absent", []) for name in absent]
    return pick(scopes, len(scopes), generator)


def _ask_time(again: bool, clip: Clip, generator: np.random.Generator) -> float:
    """Mostly the start; a scope that is used again is asked for later, so that no two samples are alike."""
    late = again or generator.random() < LATE_SHARE
    return 0.25 * float(generator.integers(1, max(2, 2 * clip.last_turn))) if late else 0.0


def _request(
    task: str, query: str, kind: str, events: list[Event], asked: float, generator: np.random.Generator
) -> Sample:
    asked = asked_apart(asked, [event["end"] for event in events])
    sample = Sample(kind).ask(instruct(task, generator, query), asked)
    for event in events:
        if event["end"] > asked:
            sample.span(event["text"], event["start"], event["end"])
    return sample
