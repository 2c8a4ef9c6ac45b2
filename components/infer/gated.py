"""Timings outside the stream: a small decider says when, a model that does not stream says what.

`External` is the way of Dispider (CVPR 2025) and StreamBridge (2025): a classifier on frozen frame features
and the question. `Polling` asks the offline model itself, every so many seconds, whether to answer now. In
both the answer is one more pass of the offline model over the last turns; neither knows Standby, and nothing
is decided before a question stands (the last one asked counts).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from components.infer.offline import OfflineModel, Question
from components.model.adapter import Adapter
from components.model.positions import Grid
from components.model.timing import GATE_TURNS, Gate, pool_frames, pool_question

CONTEXT_TURNS = 24  # pictures of an answer: what the tiny base was taught at most (params base.clip_frames)
POLL_S = 5
NOW = "is this the moment to answer, yes or no: {question}"

Shown = tuple[Tensor, tuple[Grid, ...]]  # tower rows (N, F) of a turn's frames, and their grids


@dataclass(frozen=True)
class Moment:
    """A turn on which a question stands: the question, the turn it was asked on, frames of the turns so far.

    shown: by turn; the last `CONTEXT_TURNS` of them are enough.
    """

    turn: int
    asked: int
    question: str
    shown: Mapping[int, Shown]

    def last(self, count: int) -> range:
        """The last `count` turns, or as many as there are."""
        return range(max(0, self.turn + 1 - count), self.turn + 1)

    def about(self, prompt: str) -> Question:
        """`prompt` about the last turns, one picture each (of several frames in a second the first)."""
        turns = self.last(CONTEXT_TURNS)
        kept = [(rows[: len(rows) // len(grids)], grids[0]) for rows, grids in (self.shown[t] for t in turns)]
        return Question(
            prompt, torch.cat([rows for rows, _ in kept]), tuple(g for _, g in kept), tuple(turns)
        )


class Timing(Protocol):
    """Whether to speak at some moments; `offline` gives the answers."""

    @property
    def name(self) -> str:
        """As it is called in tables."""

    @property
    def offline(self) -> OfflineModel:
        """The model that answers; what deciding costs it is counted there, too."""

    def shares(self, moments: Sequence[Moment]) -> list[float]:
        """Of each moment the probability that now is the time to speak; from `threshold` on it is spoken."""

    @property
    def threshold(self) -> float:
        """See `shares`."""


class External:
    """A trained gate in front of an untouched offline model."""

    name = "external"

    def __init__(self, base: Adapter, gate: Gate, threshold: float, turns: int = GATE_TURNS):
        """`turns`: how far back the gate looks."""
        self.adapter, self.gate, self.turns = base, gate, turns
        self.threshold, self.offline = threshold, OfflineModel(base)

    @torch.no_grad()
    def shares(self, moments: Sequence[Moment]) -> list[float]:
        """One pass of the gate; the language model is not run."""
        if not moments:
            return []
        asked = {moment.question: pool_question(self.adapter, moment.question) for moment in moments}
        frames = [pool_frames([m.shown[turn][0] for turn in m.last(self.turns)], self.turns) for m in moments]
        logits_B = self.gate(torch.stack(frames), torch.stack([asked[m.question] for m in moments]))
        found: list[float] = logits_B.sigmoid().tolist()
        return found


class Polling:
    """Every `every_s` seconds from its question on, an offline model is asked whether to answer now.

    `replies` counts what it said: `yes`, `no`, or `neither`, which is not taken for a yes.
    """

    name = "polling"
    threshold = 0.5

    def __init__(self, base: Adapter, every_s: int = POLL_S):
        self.every_s, self.offline = every_s, OfflineModel(base)
        self.replies: Counter[str] = Counter()

    def shares(self, moments: Sequence[Moment]) -> list[float]:
        """1 where a poll falls on the moment and says yes, else 0."""
        due = [place for place, m in enumerate(moments) if (m.turn - m.asked) % self.every_s == 0]
        asked = [moments[place].about(NOW.format(question=moments[place].question)) for place in due]
        found = [0.0] * len(moments)
        for place, said in zip(due, self.offline.answer_many(asked, max_new_tokens=2), strict=True):
            word = said.strip().lower().split(" ")[0].strip(".,!")
            self.replies[word if word in ("yes", "no") else "neither"] += 1
            found[place] = float(word == "yes")
        return found
