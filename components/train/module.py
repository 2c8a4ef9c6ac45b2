"""The module DeepSpeed wraps: it returns the loss itself, so that ZeRO's hooks see the whole forward.

Shapes: M supervised rows, D hidden, V vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from components.core.errors import DataError, UsageError
from components.model.adapter import Adapter
from components.model.pack import Pack, supervised_hidden
from components.train.fused import CHUNK_ROWS, fused_rows
from components.train.loss import RELEASED_GAMMA, RELEASED_KINDS, RULES, check_options, is_state
from components.train.statistics import sequence_of_rows


@dataclass(frozen=True)
class LossOptions:
    """What the loss is besides its rows; see `components.train.loss`.

    Raises:
        UsageError: rules that are unknown, or `released` with a loss or an exponent that the released code
            does not have: it would name results that nobody has published.

    """

    kind: str
    gamma: float
    rules: str = "corrected"
    chunk_rows: int = CHUNK_ROWS

    def __post_init__(self) -> None:
        if self.rules not in RULES:
            raise UsageError(f"params train.rules: {self.rules!r}, expected {' or '.join(RULES)}")
        if self.rules == "released" and self.kind not in RELEASED_KINDS:
            raise UsageError(
                f"params train.rules: released has no loss {self.kind!r}, expected "
                f"{', '.join(RELEASED_KINDS)} alone in train.methods, or train.rules: corrected"
            )
        if self.rules == "released" and self.gamma != RELEASED_GAMMA:
            raise UsageError(
                f"params train.gamma: {self.gamma}, expected {RELEASED_GAMMA} under train.rules: released"
            )


class HeadLoss(nn.Module):
    """(hidden states (M, D), targets (M,), counts (3,) or (M, 3), |M|) -> (loss, cross-entropies (M,)).

    No logits are kept.

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
            rules=self.options.rules,
            chunk_rows=self.options.chunk_rows,
        )


class StreamLoss(nn.Module):
    """(pack, state counts of the step, normalizer) -> (loss, cross-entropy of each supervised token).

    Under the released rules a micro-batch is one sequence: alpha is of the row's own sequence, whatever pack
    it lies in, and the counts of the step are not used. |M| is of the step in both.
    """

    def __init__(self, adapter: Adapter, options: LossOptions):
        """DataError where the states are not three tokens of the model, or its head is more than a matrix."""
        super().__init__()
        self.model, self.adapter = adapter.model, adapter
        head, ids = adapter.model.get_output_embeddings(), adapter.state_ids
        if getattr(head, "bias", None) is not None:
            raise DataError(f"{type(adapter.model).__name__}: its head has a bias, expected a matrix alone")
        try:
            check_options(ids, head.out_features, kind=options.kind, gamma=options.gamma, rules=options.rules)
        except ValueError as error:
            name = adapter.tokenizer.name_or_path or "tokenizer"
            raise DataError(f"{name}: {error}; see components.model.states.add_states") from error
        self.head, self.options = HeadLoss(head.weight, ids, options), options

    def forward(self, pack: Pack, counts: Tensor, normalizer: float) -> tuple[Tensor, Tensor]:
        """Loss (scalar) and the cross-entropy (M,) of each supervised token, detached."""
        hidden_MD, targets_M = supervised_hidden(self.adapter, pack)
        if self.options.rules == "released":
            counts = sequence_counts(pack, targets_M, self.adapter.state_ids)
        out: tuple[Tensor, Tensor] = self.head(hidden_MD, targets_M, counts, normalizer)
        return out


def sequence_counts(pack: Pack, targets_M: Tensor, state_ids: Sequence[int]) -> Tensor:
    """(M, 3) int64: the label counts of the states in the sequence that each supervised row is of."""
    rows_M = sequence_of_rows(pack.labels, pack.lengths)
    counts_S3 = targets_M.new_zeros(len(pack.lengths), 3)
    counts_S3.index_add_(0, rows_M, is_state(targets_M, state_ids).long())
    return counts_S3[rows_M]
