"""Building blocks of raw labels: one clip, its random numbers, and how many samples of a kind it gets."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from components.core.seeds import rng
from components.video.times import num_turns

RawLabel = dict[str, Any]


@dataclass(frozen=True)
class Clip:
    """A video to annotate: id and seconds."""

    video_id: str
    duration_s: float

    @property
    def last_turn(self) -> int:
        """Index of the last one-second turn."""
        return num_turns(self.duration_s) - 1


@dataclass
class Sample:
    """One raw label in the making: questions and responses with the time fields of the raw label format."""

    kind: str
    questions: list[dict[str, Any]] = field(default_factory=list)
    responses: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, content: str, time: float) -> "Sample":
        """Add a question asked at `time` seconds."""
        self.questions.append({"content": content, "time": time})
        return self

    def instant(self, content: str, time: float) -> "Sample":
        """Add a response that holds at instant `time`."""
        self.responses.append({"content": content, "st_time": "", "end_time": "", "time": time})
        return self

    def span(self, content: str, start: float, end: float) -> "Sample":
        """Add a response to the event `[start, end)`."""
        self.responses.append({"content": content, "st_time": start, "end_time": end, "time": ""})
        return self


def raw_labels(task: str, clip: Clip, samples: list[Sample], source: str) -> list[RawLabel]:
    """The samples of one clip in the interchange format, numbered."""
    return [
        {
            "id": f"{task}-{clip.video_id}-{number}",
            "kind": sample.kind,
            "video_name": clip.video_id.rsplit("/", 1)[-1],
            "video_path": clip.video_id,
            "task_type": task,
            "source": source,
            "question": sample.questions,
            "response": sample.responses,
        }
        for number, sample in enumerate(samples)
    ]


def clip_rng(seed: int, kind: str, clip: Clip) -> np.random.Generator:
    """Random numbers that belong to one clip and kind, whatever else is annotated."""
    return rng(seed, "annotate", kind, clip.video_id)


def how_many(weight: float, generator: np.random.Generator) -> int:
    """`weight` samples on average: its whole part, plus one with the probability of the rest."""
    return int(weight + generator.random())


def pick(items: list[Any], count: int, generator: np.random.Generator) -> list[Any]:
    """Up to `count` different items in random order."""
    return [items[int(index)] for index in generator.permutation(len(items))[:count]]


def asked_before(turn: int, generator: np.random.Generator) -> float:
    """A moment in `(turn - 1, turn]`, in quarters of a second: a question asked then sits on `turn`."""
    return turn - 0.25 * float(generator.integers(4)) if turn else 0.0


def asked_apart(asked: float, ends: list[float]) -> float:
    """`asked`, moved to the next whole second if an event ends in between.

    No frame from the question's turn on shows such an event, yet it ended after the question: a label could
    be read either way, so none is made.
    """
    turn = math.ceil(asked)
    return float(turn) if any(asked < end <= turn for end in ends) else asked
