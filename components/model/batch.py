"""Sequences of different length as one batch, and the only rows of it that need logits.

Shapes: B sequences, L tokens (the longest), N visual rows, F tower width, D hidden, M supervised rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from components.model.adapter import Adapter
from components.model.encode import IGNORE, Tokens


@dataclass(frozen=True)
class Batch:
    """Right-padded: input_ids, labels (B, L); positions (3, B, L); features (N, F) in the same order.

    Attention is causal, so padding on the right needs no mask: only padding sees it.
    """

    input_ids: Tensor
    labels: Tensor
    positions: Tensor
    features: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same batch on another device."""
        parts = (self.input_ids, self.labels, self.positions, self.features)
        return Batch(*(part.to(device) for part in parts))


def collate(items: Sequence[tuple[Tokens, Tensor]]) -> Batch:
    """Stack (tokens, tower features) pairs; padding is id 0 with label -100."""
    length = max(len(tokens.input_ids) for tokens, _ in items)
    input_ids = torch.zeros(len(items), length, dtype=torch.int64)
    labels = torch.full((len(items), length), IGNORE)
    positions = torch.zeros(3, len(items), length, dtype=torch.int64)
    for row, (tokens, _) in enumerate(items):
        size = len(tokens.input_ids)
        input_ids[row, :size], labels[row, :size] = tokens.input_ids, tokens.labels
        positions[:, row, :size] = tokens.position_ids
    return Batch(input_ids, labels, positions, torch.cat([features for _, features in items]))


def supervised_hidden(adapter: Adapter, batch: Batch) -> tuple[Tensor, Tensor]:
    """Hidden states (M, D) from which the supervised tokens are predicted, and those tokens (M,).

    Two tokens of a silent turn are supervised, of 18 here and of 150 at paper scale, so rows are selected
    before lm_head: exact, and the vocabulary-wide tensor stays small.
    """
    targets_BL = batch.labels[:, 1:]
    keep_BL = targets_BL != IGNORE
    hidden_BLD = adapter.hidden(batch.input_ids, batch.positions, batch.features)
    return hidden_BLD[:, :-1][keep_BL], targets_BL[keep_BL]


def supervised_rows(adapter: Adapter, batch: Batch) -> tuple[Tensor, Tensor]:
    """Logits (M, V) of the supervised tokens, and those tokens (M,)."""
    hidden_MD, targets_M = supervised_hidden(adapter, batch)
    return adapter.logits(hidden_MD), targets_M
