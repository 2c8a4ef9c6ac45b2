"""From logits to a state, and which tokens an answer may not contain.

The decision is the argmax over the THREE state tokens at the state position, not over the vocabulary: every
turn has exactly one state (paper, section 3). The probabilities are a softmax over the same three
logits in fp32.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from components.model.adapter import Adapter
from components.protocol.states import STATES, State


@dataclass(frozen=True, slots=True)
class Reading:
    """What one state position says; the three probabilities sum to 1."""

    state: State
    p_silence: float
    p_standby: float
    p_response: float


def read_states(logits_BV: Tensor, state_ids: tuple[int, int, int]) -> list[Reading]:
    """The state of each row of next-token logits (B, V)."""
    three_B3 = logits_BV[:, list(state_ids)].float()
    chosen = three_B3.argmax(-1).tolist()
    shares = three_B3.softmax(-1).tolist()
    return [Reading(STATES[index], *row) for index, row in zip(chosen, shares, strict=True)]


def banned_in_text(adapter: Adapter) -> Tensor:
    """Mask (V,) of what greedy decoding of an answer skips: special tokens but the end, and rows of no token.

    Without it a model could write a state or an image token into its own answer.
    """
    size = int(adapter.model.get_output_embeddings().weight.shape[0])
    banned_V = torch.zeros(size, dtype=torch.bool, device=adapter.model.device)
    banned_V[len(adapter.tokenizer) :] = True
    special = [index for index, token in adapter.tokenizer.added_tokens_decoder.items() if token.special]
    banned_V[special] = True
    banned_V[adapter.layout.end] = False
    return banned_V


def next_text_tokens(logits_BV: Tensor, banned_V: Tensor) -> list[int]:
    """Greedy choice per row among the tokens that are not banned."""
    tokens: list[int] = logits_BV.masked_fill(banned_V, float("-inf")).argmax(-1).tolist()
    return tokens
