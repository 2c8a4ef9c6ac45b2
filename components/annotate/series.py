"""Time-sensitive questions: an answer at each change of a value; counts grow when an event ends."""

import string
from collections.abc import Callable
from typing import Any

import numpy as np

from components.annotate.samples import Clip, Sample, clip_rng, how_many, pick
from components.annotate.wording import instruct

LATE_SHARE = 0.2  # of the questions are asked after the start
MOST_OPTIONS = 10  # of a multiple-choice question
Entry = dict[str, Any]
Build = Callable[[Entry, float, np.random.Generator], Sample]


def tsqa(clip: Clip, data: dict[str, Any], weights: dict[str, float], seed: int) -> list[Sample]:
    """`tsqa` samples from state series, `count` samples from count series, `tsqa_choice` from both.

    A weight `tsqa_choice` that is missing is 0.
    """
    series = data["series"]
    states = [entry for entry in series if entry["kind"] == "state"]
    counts = [entry for entry in series if entry["kind"] == "count"]
    choices = [entry for entry in series if 2 <= len(options(entry)) <= MOST_OPTIONS]
    return [
        *_draw("tsqa-state", clip, states, weights["tsqa"], _state, seed),
        *_draw("tsqa-count", clip, counts, weights["count"], _count, seed),
        *_draw("tsqa-choice", clip, choices, weights.get("tsqa_choice", 0.0), _choice, seed),
    ]


def _draw(name: str, clip: Clip, series: list[Entry], weight: float, build: Build, seed: int) -> list[Sample]:
    """`weight` samples on average; a series that is used again is asked for later."""
    generator = clip_rng(seed, name, clip)
    order = pick(series, len(series), generator)
    samples = []
    for number in range(how_many(weight, generator)):
        if order:
            late = number >= len(order) or generator.random() < LATE_SHARE
            asked = 0.25 * float(generator.integers(1, max(2, 2 * clip.last_turn))) if late else 0.0
            samples.append(build(order[number % len(order)], asked, generator))
    return samples


def options(entry: Entry) -> list[str]:
    """The different answers of a series, sorted."""
    return sorted({value["text"] for value in entry["values"]})


def _choice(entry: Entry, asked: float, generator: np.random.Generator) -> Sample:
    """The same question with its answers as options in random order; an answer is a letter and its text."""
    shown = pick(options(entry), MOST_OPTIONS, generator)
    marked = {text: f"{letter}. {text}" for letter, text in zip(string.ascii_uppercase, shown, strict=False)}
    values = [{**value, "text": marked[value["text"]]} for value in entry["values"]]
    asking = {**entry, "query": f"{entry['query']}. Options: {'; '.join(marked.values())}", "values": values}
    sample = (_state if entry["kind"] == "state" else _count)(asking, asked, generator)
    sample.kind = "tsqa_choice"
    return sample


def _state(entry: Entry, asked: float, generator: np.random.Generator) -> Sample:
    """The value at the question's turn at once, then each change; a return is a new answer."""
    sample = Sample("tsqa").ask(instruct("tsqa", generator, entry["query"]), asked)
    turn = int(np.ceil(asked))
    for value in entry["values"]:
        if value["end"] > turn:
            sample.instant(value["text"], max(asked, value["start"]))
    return sample


def _count(entry: Entry, asked: float, generator: np.random.Generator) -> Sample:
    """Counts from the start of the video: the count so far at once if there is one, then each new count."""
    sample = Sample("count").ask(instruct("tsqa", generator, entry["query"]), asked)
    turn = int(np.ceil(asked))
    past = [value for value in entry["values"] if value["end"] <= turn]
    if past:
        sample.instant(past[-1]["text"], asked)
    for value in entry["values"][len(past) :]:
        sample.span(value["text"], value["start"], value["end"])
    return sample
