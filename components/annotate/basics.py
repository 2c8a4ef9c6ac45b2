"""Captions and questions the tiny base is trained on: single frames and whole clips, no stream dialogues."""

from typing import Any

import numpy as np

from components.annotate.asks import pick_ask
from components.annotate.samples import Clip, Sample, clip_rng, how_many, pick
from components.annotate.wording import instruct

Data = dict[str, Any]
QUESTIONS_A_FRAME = 3
TURNS_A_CLIP = 6


def base_qa(clip: Clip, data: Data, weights: dict[str, float], seed: int) -> list[Sample]:
    """`frame_caption`, `frame_qa` and `clip_qa` samples; `weights` say how many of each a clip gives."""
    generator = clip_rng(seed, "base_qa", clip)
    samples = []
    for frame in pick(data["frames"], how_many(weights["frame_caption"], generator), generator):
        question = instruct("base_qa", generator)
        samples.append(
            Sample("frame_caption").ask(question, frame["time"]).instant(frame["caption"], frame["time"])
        )
    for frame in pick(
        data["frames"], how_many(weights["frame_qa"] / QUESTIONS_A_FRAME, generator), generator
    ):
        for _ in range(QUESTIONS_A_FRAME):
            ask = pick_ask(frame["asks"], generator)
            question = instruct("offline_qa", generator, ask["question"])
            samples.append(
                Sample("frame_qa").ask(question, frame["time"]).instant(ask["answer"], frame["time"])
            )
    clips = [_clip_qa(clip, data, generator) for _ in range(how_many(weights["clip_qa"], generator))]
    return samples + [sample for sample in clips if sample.questions]


def _clip_qa(clip: Clip, data: Data, generator: np.random.Generator) -> Sample:
    """Turns with a question of their own and its answer, and whole-clip questions on the last turn."""
    sample = Sample("clip_qa")
    turns = sorted({int(ask["time"]) for ask in data["asks"] if ask["time"] < clip.last_turn})
    for turn in sorted(pick(turns, TURNS_A_CLIP, generator)):
        ask = pick_ask([ask for ask in data["asks"] if ask["time"] == turn], generator)
        question = instruct("offline_qa", generator, ask["question"])
        sample.ask(question, turn).instant(ask["answer"], turn)
    for ask in pick(data["whole"], 2, generator):
        question = instruct("offline_qa", generator, ask["question"])
        sample.ask(question, clip.last_turn).instant(ask["answer"], clip.last_turn)
    return sample
