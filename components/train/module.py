"""The module DeepSpeed wraps: it returns the loss itself, so that ZeRO's hooks see the whole forward.

Shapes: M supervised rows, V vocabulary.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from components.model.adapter import Adapter
from components.model.batch import Batch, supervised_rows
from components.train.loss import row_cross_entropy, state_aware_rows


@dataclass(frozen=True)
class LossOptions:
    """What the loss is besides its rows; see `components.train.loss`."""

    kind: str
    gamma: float


class StreamLoss(nn.Module):
    """(batch, state counts of the step, normalizer) -> (loss, cross-entropy of each supervised token)."""

    def __init__(self, adapter: Adapter, options: LossOptions):
        super().__init__()
        self.model = adapter.model
        self.adapter, self.options = adapter, options

    def forward(self, batch: Batch, counts: Tensor, normalizer: float) -> tuple[Tensor, Tensor]:
        """Loss (scalar) and the cross-entropy (M,) of each supervised token, detached."""
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
            ce_M = row_cross_entropy(logits_MV, targets_M)
        return loss, ce_M
