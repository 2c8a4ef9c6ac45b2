"""A dialogue as one training sequence: the very tokens a stream would be fed, with labels on the answers.

Shapes: L tokens, P patches, I images.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from components.core.errors import DataError
from components.model.adapter import Adapter
from components.model.positions import Grid
from components.protocol.turns import Dialogue, shift_times

IGNORE = -100


@dataclass(frozen=True)
class Tokens:
    """A dialogue without its pixels.

    input_ids: (L,) int64. labels: (L,) int64, unshifted: the id itself on answer tokens (state, text, end),
    -100 elsewhere. position_ids: (3, L) int64.
    """

    input_ids: Tensor
    labels: Tensor
    position_ids: Tensor


@dataclass(frozen=True)
class Encoded(Tokens):
    """`Tokens` with pixel_values (P, patch values) fp32 and the grid (t, h, w) of each image."""

    pixel_values: Tensor
    grids: list[Grid]


def encode_tokens(
    adapter: Adapter, dialogue: Dialogue, grids: Sequence[Sequence[Grid]], offset: int = 0, *, learn: int = 0
) -> Tokens:
    """Tokens, labels and positions of a dialogue whose i-th turn shows images of `grids[i]`.

    Args:
        adapter: of a model that has the state tokens.
        dialogue: turns in order; in a window of a longer stream they keep their numbers.
        grids: one list of (t, h, w) per turn.
        offset: seconds added to every time tag and to every time spoken in questions and answers.
        learn: answers of turns with a smaller number are context and bear no label.

    Raises:
        DataError: as many grids as turns were expected.

    """
    if len(grids) != len(dialogue.turns):
        raise DataError(
            f"sample {dialogue.sample_id}: {len(dialogue.turns)} turns but frames of {len(grids)}"
        )
    ids: list[int] = []
    labels: list[int] = []
    previous: list[int] | None = None
    learnt = 0  # tokens of the answer before that bear a label: it and its end token, or none
    for turn, shown in zip(dialogue.turns, grids, strict=True):
        questions = [shift_times(question, offset) for question in turn.questions]
        fed = adapter.turn_ids(questions, turn.turn, offset, adapter.n_visual(shown), previous=previous)
        # The answer before and its end token are the first tokens fed with this turn.
        ids += fed
        labels += [*fed[:learnt], *[IGNORE] * (len(fed) - learnt)]
        text = None if turn.text is None else shift_times(turn.text, offset)
        previous = adapter.answer_ids(turn.state, text)
        learnt = len(previous) + 1 if turn.turn >= learn else 0
    last = [*(previous or []), *adapter.layout.tail]
    ids += last
    labels += [*last[:learnt], *[IGNORE] * (len(last) - learnt)]
    flat = [grid for shown in grids for grid in shown]
    positions, _ = adapter.positions(ids, flat)
    return Tokens(torch.tensor(ids), torch.tensor(labels), positions)


def encode_dialogue(
    adapter: Adapter, dialogue: Dialogue, frames: Sequence[Sequence[np.ndarray]], offset: int = 0
) -> Encoded:
    """`encode_tokens` with the pixels: `frames[i]` holds the (H, W, 3) uint8 images of turn i."""
    images = [image for shown in frames for image in shown]
    pixel_values, flat = adapter.encode_frame(images)
    rest = iter(flat)
    grids = [[next(rest) for _ in shown] for shown in frames]
    tokens = encode_tokens(adapter, dialogue, grids, offset)
    return Encoded(tokens.input_ids, tokens.labels, tokens.position_ids, pixel_values, flat)
