"""The module DeepSpeed wraps: it returns the loss itself, so that ZeRO's hooks see the whole forward.

Shapes: M supervised rows, D hidden, V vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from components.core.errors import DataError
from components.model.adapter import Adapter
from components.model.pack import Pack, supervised_hidden
from components.train.fused import CHUNK_ROWS, fused_rows
from components.train.loss import check_options


@dataclass(frozen=True)
class LossOptions:
    """What the loss is besides its rows; see `components.train.loss`."""

    kind: str
    gamma: float
    chunk_rows: int = CHUNK_ROWS


class HeadLoss(nn.Module):
    """(hidden states (M, D), targets (M,), counts, |M|) -> (loss, cross-entropies (M,)), without logits.

    It holds the head's matrix (with a tied model the embedding's, too) as its own parameter: ZeRO-3 gathers a
    matrix around the modules that hold it, and the head itself is never called in training.
    """

    def __init__(self, weight_VD: nn.Parameter, state_ids: Sequence[int], options: LossOptions):
        super().__init__()
        self.weight = weight_VD
        self.state_ids, self.options = tuple(state_ids), options

    def forward(
        self, hidden_MD: Tensor, targets_M: Tensor, counts: Tensor, normalizer: float
    ) -> tuple[Tensor, Tensor]:
        """Head and loss in chunks; see `components.train.fused`."""
        return fused_rows(
            hidden_MD,
            self.weight,
            targets_M,
            self.state_ids,
            kind=self.options.kind,
            gamma=self.options.gamma,
            counts=counts,
            normalizer=normalizer,
            chunk_rows=self.options.chunk_rows,
        )


class StreamLoss(nn.Module):
    """(pack, state counts of the step, normalizer) -> (loss, cross-entropy of each supervised token)."""

    def __init__(self, adapter: Adapter, options: LossOptions):
        """DataError where the states are not three tokens of the model, or its head is more than a matrix."""
        super().__init__()
        self.model, self.adapter = adapter.model, adapter
        head, ids = adapter.model.get_output_embeddings(), adapter.state_ids
        if getattr(head, "bias", None) is not None:
            raise DataError(f"{type(adapter.model).__name__}: its head has a bias, expected a matrix alone")
        try:
            check_options(ids, head.out_features, kind=options.kind, gamma=options.gamma, rules="corrected")
        except ValueError as error:
            name = adapter.tokenizer.name_or_path or "tokenizer"
            raise DataError(f"{name}: {error}; see components.model.states.add_states") from error
        self.head = HeadLoss(head.weight, ids, options)

    def forward(self, pack: Pack, counts: Tensor, normalizer: float) -> tuple[Tensor, Tensor]:
        """Loss (scalar) and the cross-entropy (M,) of each supervised token, detached."""
        hidden_MD, targets_M = supervised_hidden(self.adapter, pack)
        out: tuple[Tensor, Tensor] = self.head(hidden_MD, targets_M, counts, normalizer)
        return out
