"""Questions answered on their own turn (real-time, backward, whole-clip) and clues revealed later."""

from typing import Any

import numpy as np

from components.annotate.samples import Clip, Sample, asked_before, clip_rng, how_many, pick
from components.annotate.wording import instruct

Data = dict[str, Any]


def offline_qa(clip: Clip, data: Data, weights: dict[str, float], seed: int) -> list[Sample]:
    """`own_turn`, `offline` and `clue` samples."""
    return [
        *_own_turn(clip, data, weights, clip_rng(seed, "own_turn", clip)),
        *_offline(clip, data, weights, clip_rng(seed, "offline", clip)),
        *_clue(data, weights, clip_rng(seed, "clue", clip)),
    ]


def pick_ask(asks: list[Data], generator: np.random.Generator) -> Data:
    """A random question: topic first, then answer, then wording, so that none crowds out the others."""
    for key in ("topic", "answer"):
        values = sorted({ask[key] for ask in asks})
        value = values[int(generator.integers(len(values)))]
        asks = [ask for ask in asks if ask[key] == value]
    return asks[int(generator.integers(len(asks)))]


def _own_turn(
    clip: Clip, data: Data, weights: dict[str, float], generator: np.random.Generator
) -> list[Sample]:
    """Each sample asks several questions at different turns and answers each at once."""
    samples = []
    turns = sorted({int(ask["time"]) for ask in data["asks"]})
    for _ in range(how_many(weights["own_turn"], generator)):
        sample = Sample("own_turn")
        for turn in sorted(pick(turns, how_many(weights["own_turn_questions"], generator), generator)):
            ask = pick_ask([ask for ask in data["asks"] if ask["time"] == turn], generator)
            asked = asked_before(turn, generator)
            sample.ask(instruct("offline_qa", generator, ask["question"]), asked).instant(
                ask["answer"], asked
            )
        if sample.questions:
            samples.append(sample)
    return samples


def _offline(
    clip: Clip, data: Data, weights: dict[str, float], generator: np.random.Generator
) -> list[Sample]:
    """A question about the whole clip, asked and answered on its last turn."""
    chosen = pick(data["whole"], how_many(weights["offline"], generator), generator)
    asked = float(clip.last_turn)
    return [
        Sample("offline")
        .ask(instruct("offline_qa", generator, ask["question"]), asked)
        .instant(ask["answer"], asked)
        for ask in chosen
    ]


def _clue(data: Data, weights: dict[str, float], generator: np.random.Generator) -> list[Sample]:
    """Asked before the clue shows; silence until it does, then the answer. Clips without a clue give none."""
    samples = []
    for _ in range(how_many(weights["clue"], generator)):
        for reveal in pick(data["reveals"], 1, generator):
            asked = 0.25 * float(generator.integers(max(1, 4 * int(reveal["time"]) - 3)))
            question = instruct("clue", generator, reveal["query"])
            samples.append(Sample("clue").ask(question, asked).instant(reveal["text"], reveal["time"]))
    return samples
