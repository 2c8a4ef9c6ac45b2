"""Decisions made in the stream's own forward: what its state position shows -> Silence, Standby or Response.

Shapes: B state positions, V vocabulary, D hidden.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from components.infer.reading import Reading, read_states
from components.model.timing import SpeakHead
from components.protocol.states import STATES, State


class Policy(Protocol):
    """Decides on a turn from what one forward over it left at the state position."""

    @property
    def name(self) -> str:
        """As it is called in tables."""

    @property
    def width(self) -> int | None:
        """Turns that the stream holds while it decides; None: all of them."""

    def decide(self, logits_BV: Tensor, hidden_BD: Tensor) -> list[Reading]:
        """The state of each row of next-token logits (B, V) and last hidden states (B, D)."""


@dataclass(frozen=True)
class States:
    """Ours (paper, section 3): arg max over the three state tokens. With `width` of a stream's last turns."""

    state_ids: tuple[int, int, int]
    width: int | None = None

    @property
    def name(self) -> str:
        """`states`, or `last_frames` where only the last turns are held."""
        return "states" if self.width is None else "last_frames"

    def decide(self, logits_BV: Tensor, hidden_BD: Tensor) -> list[Reading]:
        """See `reading.read_states`."""
        return read_states(logits_BV, self.state_ids)


@dataclass(frozen=True)
class Eos:
    """VideoLLM-online's way (CVPR 2024, section 3.1): go on watching, or speak; there is no Standby.

    Arg max of the two tokens, which is their threshold at one half: they lower the share of the token that
    goes on watching below a threshold, which is off in their released configuration (0.0).
    """

    state_ids: tuple[int, int, int]
    name: str = "eos"
    width: int | None = None

    def decide(self, logits_BV: Tensor, hidden_BD: Tensor) -> list[Reading]:
        """Silence or Response."""
        two_B2 = logits_BV[:, [self.state_ids[0], self.state_ids[2]]].float()
        return [spoken(share, speaks=share > 0.5) for share in two_B2.softmax(-1)[:, 1].tolist()]


@dataclass(frozen=True)
class Head:
    """ViSpeak's way (ICCV 2025): a head on the hidden state, apart from the vocabulary, and a threshold."""

    head: SpeakHead
    threshold: float
    name: str = "head"
    width: int | None = None

    @torch.no_grad()
    def decide(self, logits_BV: Tensor, hidden_BD: Tensor) -> list[Reading]:
        """Response where the head's probability reaches the threshold, else Silence."""
        shares = self.head(hidden_BD.to(self.head.out.weight.dtype)).sigmoid().tolist()
        return [spoken(share, speaks=share >= self.threshold) for share in shares]


@dataclass(frozen=True)
class Constant:
    """The same state on every turn; what it says is still the model's."""

    state: State
    width: int | None = None

    @property
    def name(self) -> str:
        """The state's label."""
        return self.state.label

    def decide(self, logits_BV: Tensor, hidden_BD: Tensor) -> list[Reading]:
        """The state with probability 1."""
        one = [float(self.state is state) for state in STATES]
        return [Reading(self.state, *one) for _ in range(len(logits_BV))]


def spoken(share: float, *, speaks: bool) -> Reading:
    """The reading of a decision between two states, `share` being the probability of Response."""
    return Reading(State.RESPONSE if speaks else State.SILENCE, 1.0 - share, 0.0, share)
