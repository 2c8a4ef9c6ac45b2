"""State-aware losses (paper, section 3.3): when to speak is ordinary next-token prediction, weighted.

For the supervised positions M, p the probability of the true token and CE = -log p:
text token: CE; state token of class k: alpha_k * (1 - p)^gamma * CE, alpha_k = (n_S + n_B + n_R) / (3 n_k).
The total is their sum / |M|. Shapes: B sequences, T positions, V vocabulary, M supervised rows.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

IGNORE = -100
KINDS = ("focal", "focal_detached", "fixed", "ce", "class_balanced")
RULES = ("corrected", "released")
FIXED_WEIGHTS = (0.3, 1.3, 2.0)  # silence, standby, response (paper, ablation of the loss)


def state_aware_loss(
    logits: Tensor,
    labels: Tensor,
    state_ids: Sequence[int],
    *,
    kind: str = "focal",
    gamma: float = 2.0,
    counts: Sequence[int] | Tensor | None = None,
    normalizer: float | Tensor | None = None,
    rules: str = "corrected",
) -> Tensor:
    """Scalar loss of unshifted logits against labels; position t is scored against label t + 1.

    Args:
        logits: (B, T, V), any float dtype.
        labels: (B, T) int64, -100 is ignored.
        state_ids: token ids of (silence, standby, response).
        kind: `focal`; `focal_detached` (no gradient through (1-p)^gamma); `fixed` (0.3 / 1.3 / 2.0);
            `class_balanced` (alpha without the focal factor); `ce`.
        gamma: focusing exponent.
        counts: how often each state is a label in whatever alpha is taken over, e.g. all micro-batches of an
            optimizer step; None: this batch.
        normalizer: |M|; None: the supervised positions of this batch.
        rules: `corrected` computes rows in fp32 (or finer) with 1/3 in alpha; `released` in the logits' own
            dtype with 1/(states present) in alpha, as the authors' public code does.

    Returns:
        Scalar; 0 with zero gradient where nothing is supervised. A state that is absent has no weight.

    """
    targets_BT = labels[:, 1:]
    keep_BT = targets_BT != IGNORE
    rows_MV = logits[:, :-1][keep_BT]
    return state_aware_rows(
        rows_MV,
        targets_BT[keep_BT],
        state_ids,
        kind=kind,
        gamma=gamma,
        counts=counts,
        normalizer=normalizer,
        rules=rules,
    )


def state_aware_rows(
    logits_MV: Tensor,
    targets_M: Tensor,
    state_ids: Sequence[int],
    *,
    kind: str = "focal",
    gamma: float = 2.0,
    counts: Sequence[int] | Tensor | None = None,
    normalizer: float | Tensor | None = None,
    rules: str = "corrected",
) -> Tensor:
    """`state_aware_loss` on rows selected and shifted already (before lm_head: exact and cheaper)."""
    if kind not in KINDS or rules not in RULES:
        raise ValueError(f"kind {kind!r} of {KINDS} and rules {rules!r} of {RULES} were expected")
    if not targets_M.numel():
        return logits_MV.sum() * 0.0  # an empty sum: 0, still in the graph
    ce_M = row_cross_entropy(logits_MV, targets_M, widen=rules == "corrected")
    weights_M = row_weights(ce_M, targets_M, state_ids, kind=kind, gamma=gamma, counts=counts, rules=rules)
    total = targets_M.numel() if normalizer is None else normalizer
    return (weights_M * ce_M).sum() / total


def row_cross_entropy(logits_MV: Tensor, targets_M: Tensor, *, widen: bool = True) -> Tensor:
    """-log p of the true token per row (M,); `widen`: in at least fp32 (bf16 rounds 1-p to 0 near p = 1)."""
    if widen and logits_MV.dtype in (torch.bfloat16, torch.float16):
        logits_MV = logits_MV.float()
    true_M = logits_MV.gather(1, targets_M.unsqueeze(1)).squeeze(1)
    return torch.logsumexp(logits_MV, dim=1) - true_M


def row_weights(
    ce_M: Tensor,
    targets_M: Tensor,
    state_ids: Sequence[int],
    *,
    kind: str,
    gamma: float,
    counts: Sequence[int] | Tensor | None,
    rules: str,
) -> Tensor:
    """Weight of each row (M,): 1 for text, the state's weight (times its focal factor) for state tokens."""
    if kind == "ce":
        return torch.ones_like(ce_M)
    states = torch.as_tensor(list(state_ids), device=targets_M.device)
    is_state_M3 = targets_M.unsqueeze(1) == states
    if kind == "fixed":
        class_weights = ce_M.new_tensor(FIXED_WEIGHTS)
    else:
        n_3 = is_state_M3.sum(0) if counts is None else torch.as_tensor(counts, device=targets_M.device)
        class_weights = alpha(n_3, rules=rules).to(ce_M.dtype)
    weights_M = torch.where(is_state_M3.any(1), (is_state_M3 * class_weights).sum(1), 1.0)
    if not kind.startswith("focal"):
        return weights_M
    missed_M = -torch.expm1(-ce_M)  # 1 - p without cancellation near p = 1
    if kind == "focal_detached":
        missed_M = missed_M.detach()
    factor_M = torch.where(is_state_M3.any(1), missed_M.clamp_min(0.0).pow(gamma), 1.0)
    return weights_M * factor_M


def alpha(counts_3: Tensor, *, rules: str = "corrected") -> Tensor:
    """alpha (3,) of label counts (3,): total / (S * n_k), 0 where n_k is 0; S is 3, or the states present."""
    counts_3 = counts_3.double()
    present = counts_3 > 0
    classes = 3.0 if rules == "corrected" else float(present.sum().clamp_min(1))
    return torch.where(present, counts_3.sum() / (classes * counts_3.clamp_min(1.0)), 0.0)


def state_counts(labels: Tensor, state_ids: Sequence[int]) -> Tensor:
    """Label counts (3,) of the states in (B, T) unshifted labels; the first position is never predicted."""
    states = torch.as_tensor(list(state_ids), device=labels.device)
    return (labels[:, 1:].unsqueeze(-1) == states).sum((0, 1))
