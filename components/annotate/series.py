"""Time-sensitive questions: an answer at each change of a value; counts grow when an event ends."""

from typing import Any

import numpy as np

from components.annotate.samples import Clip, Sample, clip_rng, how_many, pick
from components.annotate.wording import instruct

LATE_SHARE = 0.2  # of the questions are asked after the start


def tsqa(clip: Clip, data: dict[str, Any], weights: dict[str, float], seed: int) -> list[Sample]:
    """`tsqa` samples from state series, `count` samples from count series."""
    samples: list[Sample] = []
    for kind, weight, build in (("state", "tsqa", _state), ("count", "count", _count)):
        generator = clip_rng(seed, f"tsqa-{kind}", clip)
        series = pick(
            [entry for entry in data["series"] if entry["kind"] == kind], len(data["series"]), generator
        )
        for number in range(how_many(weights[weight], generator)):
            if series:
                late = number >= len(series) or generator.random() < LATE_SHARE
                asked = 0.25 * float(generator.integers(1, max(2, 2 * clip.last_turn))) if late else 0.0
                samples.append(build(series[number % len(series)], asked, generator))
    return samples


def _state(entry: dict[str, Any], asked: float, generator: np.random.Generator) -> Sample:
    """The value at the question's turn at once, then each change; a return is a new answer."""
    sample = Sample("tsqa").ask(instruct("tsqa", generator, entry["query"]), asked)
    turn = int(np.ceil(asked))
    for value in entry["values"]:
        if value["end"] > turn:
            sample.instant(value["text"], max(asked, value["start"]))
    return sample


def _count(entry: dict[str, Any], asked: float, generator: np.random.Generator) -> Sample:
    """Counts from the start of the video: the count so far at once if there is one, then each new count."""
    sample = Sample("count").ask(instruct("tsqa", generator, entry["query"]), asked)
    turn = int(np.ceil(asked))
    past = [value for value in entry["values"] if value["end"] <= turn]
    if past:
        sample.instant(past[-1]["text"], asked)
    for value in entry["values"][len(past) :]:
        sample.span(value["text"], value["start"], value["end"])
    return sample
