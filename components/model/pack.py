"""Whole sequences laid end to end in one row, and the only places of it that need logits.

Shapes: T tokens of the row, N visual rows, F tower width, D hidden, M supervised places, V vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from components.core.errors import InternalError
from components.model.adapter import Adapter
from components.model.encode import IGNORE, Tokens


@dataclass(frozen=True)
class Pack:
    """A row of sequences that do not see each other; there is no padding.

    input_ids, labels: (1, T) int64, labels unshifted and -100 where nothing is supervised. positions:
    (3, 1, T), starting anew with each sequence. features: (N, F) tower rows in order. lengths: tokens of each
    sequence; they add up to T.
    """

    input_ids: Tensor
    labels: Tensor
    positions: Tensor
    features: Tensor
    lengths: tuple[int, ...]

    def to(self, device: torch.device) -> "Pack":
        """The same pack on another device."""
        names = ("input_ids", "labels", "positions", "features")
        return replace(self, **{name: getattr(self, name).to(device) for name in names})


def pack(items: Sequence[tuple[Tokens, Tensor]]) -> Pack:
    """Lay (tokens, tower features) pairs end to end.

    Raises:
        InternalError: nothing to lay, or a sequence whose first token is supervised: it would be predicted
            from another sequence's last.

    """
    if not items:
        raise InternalError("a pack holds at least one sequence")
    for place, (tokens, _) in enumerate(items):
        if int(tokens.labels[0]) != IGNORE:
            raise InternalError(
                f"sequence {place} of a pack: its first token has a label and nothing before it"
            )
    return Pack(
        torch.cat([tokens.input_ids for tokens, _ in items])[None],
        torch.cat([tokens.labels for tokens, _ in items])[None],
        torch.cat([tokens.position_ids for tokens, _ in items], 1)[:, None],
        torch.cat([features for _, features in items]),
        tuple(len(tokens.input_ids) for tokens, _ in items),
    )


def supervised_hidden(adapter: Adapter, pack: Pack) -> tuple[Tensor, Tensor]:
    """Hidden states (M, D) from which the supervised tokens are predicted, and those tokens (M,).

    Two tokens of a silent turn are supervised, of 18 here and of 150 at paper scale, so rows are selected
    before lm_head: exact, and the vocabulary-wide tensor stays small.
    """
    hidden_1TD = adapter.hidden(pack.input_ids, pack.positions, pack.features, lengths=pack.lengths)
    targets_T = pack.labels[0, 1:]
    keep_T = targets_T != IGNORE
    return hidden_1TD[0, :-1][keep_T], targets_T[keep_T]


def supervised_rows(adapter: Adapter, pack: Pack) -> tuple[Tensor, Tensor]:
    """Logits (M, V) of the supervised tokens, and those tokens (M,)."""
    hidden_MD, targets_M = supervised_hidden(adapter, pack)
    return adapter.logits(hidden_MD), targets_M
