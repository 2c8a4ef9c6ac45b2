"""Head and loss in one: the logits of a few rows at a time, gradients made with them, nothing kept.

Plain autograd keeps logits (M, V), widens them and makes gradients as large: four tensors of M x V. Here the
rows go through in chunks, and each chunk leaves only its cross-entropies, the gradient of its hidden states
and its part of the weight's gradient. Both gradients are made in the forward (the loss is a scalar, so the
backward only scales them), as in Liger's fused linear cross-entropy.

The formula is the contract's (`components.train.loss`): cross-entropies, weights, total and the slope of the
total by each cross-entropy (autograd on M numbers). Written out here is only dCE/dlogits = softmax - one-hot,
tested against the contract's own autograd.

Shapes: M supervised rows, C rows of a chunk, D hidden, V vocabulary.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from components.train import loss as contract

CHUNK_ROWS = 1024  # 152k tokens of Qwen2.5-VL: 0.6 GB of fp32 logits at once


@dataclass(frozen=True)
class Options:
    """What the loss is besides its rows; see `loss.state_aware_loss`. counts: (3,) of all, or (C, 3)."""

    state_ids: Sequence[int]
    kind: str
    gamma: float
    counts: Tensor
    normalizer: float | Tensor
    rules: str

    def of(self, rows: slice) -> "Options":
        """The options of a chunk: counts given for each row are cut with the rows, those of all stay."""
        return self if self.counts.dim() == 1 else replace(self, counts=self.counts[rows])

    def total(self, ce_M: Tensor, targets_M: Tensor) -> Tensor:
        """The contract's total over some rows."""
        return contract.total_of_rows(
            ce_M,
            targets_M,
            self.state_ids,
            kind=self.kind,
            gamma=self.gamma,
            counts=self.counts,
            normalizer=self.normalizer,
            rules=self.rules,
        )


def fused_rows(
    hidden_MD: Tensor,
    weight_VD: Tensor,
    targets_M: Tensor,
    state_ids: Sequence[int],
    *,
    kind: str = "focal",
    gamma: float = 2.0,
    counts: contract.Counts | None = None,
    normalizer: float | Tensor | None = None,
    rules: str = "corrected",
    chunk_rows: int = CHUNK_ROWS,
) -> tuple[Tensor, Tensor]:
    """`state_aware_rows(hidden_MD @ weight_VD.T, ...)` with at most `chunk_rows` rows of logits at a time.

    Args:
        hidden_MD: states of the supervised positions; with or without gradient.
        weight_VD: the head's matrix, no bias; with or without gradient.
        targets_M: the token each row should give.
        state_ids: token ids of (silence, standby, response).
        kind: see `loss.state_aware_loss`; so gamma and rules.
        gamma: focusing exponent.
        counts: label counts of the states, (3,) or each row's own (M, 3); None: over all rows given, whatever
            the chunks.
        normalizer: |M|; None: the rows given.
        rules: `corrected` or `released`.
        chunk_rows: rows whose logits exist at once; changes nothing beyond rounding.

    Returns:
        The loss (scalar, in the dtype rows are computed in) and the cross-entropy of each row (M,), detached.

    The products are computed in the wider of the two dtypes, as the head alone would. A bf16 or fp16 weight's
    gradient is summed over chunks in fp32 and rounded once, at the end.

    Raises:
        ValueError: as `state_aware_loss`; or chunk_rows below 1.

    """
    contract.check_options(state_ids, weight_VD.shape[0], kind=kind, gamma=gamma, rules=rules)
    if chunk_rows < 1:
        raise ValueError(f"chunk_rows {chunk_rows}: at least 1 was expected")
    n_3 = contract.is_state(targets_M, state_ids).sum(0) if counts is None else torch.as_tensor(counts)
    total = targets_M.numel() if normalizer is None else normalizer
    options = Options(state_ids, kind, gamma, n_3.to(targets_M.device), total, rules)
    apply: Callable[..., tuple[Tensor, Tensor]] = _FusedRows.apply
    return apply(hidden_MD, weight_VD, targets_M, options, chunk_rows)


class _FusedRows(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden_MD: Tensor, weight_VD: Tensor, targets_M: Tensor, options: Options, chunk_rows: int
    ) -> tuple[Tensor, Tensor]:
        by_hidden, by_weight = ctx.needs_input_grad[:2]
        dtype = torch.promote_types(hidden_MD.dtype, weight_VD.dtype)
        head_VD = weight_VD.to(dtype)
        grad_MD = torch.empty_like(hidden_MD) if by_hidden else None
        summed = torch.promote_types(dtype, torch.float32)
        grad_VD = torch.zeros_like(weight_VD, dtype=summed) if by_weight else None
        ce_M = hidden_MD.new_empty(len(targets_M), dtype=summed if options.rules == "corrected" else dtype)
        for begin in range(0, len(targets_M), chunk_rows):
            rows = slice(begin, begin + chunk_rows)
            hidden_CD, targets_C = hidden_MD[rows].to(dtype), targets_M[rows]
            # In functions, so that a chunk's logits are gone before the next one's are made.
            if grad_MD is None and grad_VD is None:
                ce_M[rows] = _cross_entropy(hidden_CD, head_VD, targets_C, options)[0]
                continue
            ce_M[rows], grad_CV = _chunk(hidden_CD, head_VD, targets_C, options.of(rows))
            if grad_MD is not None:
                grad_MD[rows] = grad_CV @ head_VD
            if grad_VD is not None:
                _add_product(grad_VD, grad_CV, hidden_CD)
            del grad_CV
        ctx.save_for_backward(grad_MD, grad_VD)
        ctx.weight_dtype = weight_VD.dtype
        ctx.mark_non_differentiable(ce_M)
        ctx.set_materialize_grads(False)
        return options.total(ce_M, targets_M), ce_M

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, upstream: Tensor | None, _: None
    ) -> tuple[Tensor | None, Tensor | None, None, None, None]:
        if upstream is None:
            return None, None, None, None, None
        grad_MD, grad_VD = ctx.saved_tensors
        by_hidden = None if grad_MD is None else _scaled(grad_MD, upstream, grad_MD.dtype)
        by_weight = None if grad_VD is None else _scaled(grad_VD, upstream, ctx.weight_dtype)
        return by_hidden, by_weight, None, None, None


def _scaled(gradient: Tensor, upstream: Tensor, dtype: torch.dtype) -> Tensor:
    """gradient * upstream, rounded to `dtype` once.

    By 1, as in `loss.backward()`, it is not copied: the head's gradient is as large as the head.
    """
    if upstream == 1:
        return gradient.to(dtype)
    out = torch.empty_like(gradient, dtype=dtype)
    return torch.mul(gradient, upstream.to(gradient.dtype), out=out)


def _cross_entropy(
    hidden_CD: Tensor, head_VD: Tensor, targets_C: Tensor, options: Options
) -> tuple[Tensor, Tensor]:
    """The contract's cross-entropies (C,) of a chunk and its widened logits (C, V)."""
    logits_CV = contract.widened(hidden_CD @ head_VD.T, options.rules)
    return contract.row_cross_entropy(logits_CV, targets_C), logits_CV


def _chunk(hidden_CD: Tensor, head_VD: Tensor, targets_C: Tensor, options: Options) -> tuple[Tensor, Tensor]:
    """Cross-entropies (C,) of a chunk and the loss's gradient by its logits (C, V), in the head's dtype."""
    ce_C, logits_CV = _cross_entropy(hidden_CD, head_VD, targets_C, options)
    with torch.enable_grad():
        leaf_C = ce_C.detach().requires_grad_()
        (slope_C,) = torch.autograd.grad(options.total(leaf_C, targets_C), leaf_C)
    # dCE/dlogits = softmax - one-hot, written over the logits. At the true token it is p - 1 = expm1(-CE),
    # which does not cancel near p = 1.
    place_C1 = targets_C.unsqueeze(1)
    lse_C1 = logits_CV.gather(1, place_C1) + ce_C.unsqueeze(1)
    logits_CV.sub_(lse_C1).exp_().scatter_(1, place_C1, torch.expm1(-ce_C).unsqueeze(1))
    return ce_C, logits_CV.mul_(slope_C.unsqueeze(1)).to(head_VD.dtype)


def _add_product(grad_VD: Tensor, grad_CV: Tensor, hidden_CD: Tensor) -> None:
    """grad_VD += grad_CV.T @ hidden_CD, where the sum may be wider than the factors."""
    if grad_VD.dtype == hidden_CD.dtype:
        grad_VD.addmm_(grad_CV.T, hidden_CD)
    else:
        grad_VD += grad_CV.T @ hidden_CD
