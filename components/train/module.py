"""The module DeepSpeed wraps: it returns the loss itself, so that ZeRO's hooks see the whole forward.

Shapes: M supervised rows, V vocabulary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from components.model.adapter import Adapter
from components.model.batch import Batch, supervised_rows
from components.protocol.states import LABELS
from components.train.loss import row_cross_entropy, state_aware_rows

PARTS = (*LABELS, "text")


@dataclass(frozen=True)
class LossOptions:
    """What the loss is besides its rows; see `components.train.loss`."""

    kind: str
    gamma: float


class StreamLoss(nn.Module):
    """(batch, state counts of the step, normalizer) -> (loss, sums of CE and rows by kind of token)."""

    def __init__(self, adapter: Adapter, options: LossOptions):
        super().__init__()
        self.model = adapter.model
        self.adapter, self.options = adapter, options

    def forward(self, batch: Batch, counts: Tensor, normalizer: float) -> tuple[Tensor, Tensor]:
        """Loss (scalar) and statistics (2, 4): sums of CE and rows for silence, standby, response, text."""
        logits_MV, targets_M = supervised_rows(self.adapter, batch)
        state_ids = self.adapter.state_ids
        options = self.options
        loss = state_aware_rows(
            logits_MV,
            targets_M,
            state_ids,
            kind=options.kind,
            gamma=options.gamma,
            counts=counts,
            normalizer=normalizer,
        )
        with torch.no_grad():
            statistics = by_kind(row_cross_entropy(logits_MV, targets_M), targets_M, state_ids)
        return loss, statistics


def by_kind(values_M: Tensor, targets_M: Tensor, state_ids: Sequence[int]) -> Tensor:
    """(2, 4) fp64: sums of `values_M` and row counts of silence, standby, response, other (text, end)."""
    states = torch.tensor(list(state_ids), device=targets_M.device)
    is_state_M3 = targets_M.unsqueeze(1) == states
    groups_M4 = torch.cat([is_state_M3, ~is_state_M3.any(1, keepdim=True)], 1).double()
    return torch.stack([groups_M4.T @ values_M.double(), groups_M4.sum(0)])


def means(statistics: Tensor) -> Mapping[str, float]:
    """Mean CE by kind of token from summed statistics (2, 4); 0 where there was none."""
    sums, rows = statistics.tolist()
    return {
        name: total / count if count else 0.0 for name, total, count in zip(PARTS, sums, rows, strict=True)
    }
