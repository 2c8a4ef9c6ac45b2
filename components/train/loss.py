"""State-aware losses (paper, section 3.3): when to speak is ordinary next-token prediction, weighted.

For the supervised positions M, p the probability of the true token and CE = -log p:
text token: CE; state token of class k: alpha_k * (1 - p)^gamma * CE, alpha_k = (n_S + n_B + n_R) / (3 n_k).
The total is their sum / |M|. Shapes: B sequences, T positions, V vocabulary, M supervised rows.

This is the only formula of the project: `components.train.fused` computes with these functions.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

IGNORE = -100
KINDS = ("focal", "focal_detached", "fixed", "ce", "class_balanced")
RULES = ("corrected", "released")
FIXED_WEIGHTS = (0.3, 1.3, 2.0)  # silence, standby, response (paper, ablation of the loss)
BETA = 0.9999  # of the effective number of samples (Cui et al., CVPR 2019, section 4)

RELEASED_KINDS = ("focal",)  # the released code trains with nothing else
RELEASED_GAMMA = 2.0  # and writes the exponent out

Counts = Sequence[int] | Tensor


def state_aware_loss(
    logits: Tensor,
    labels: Tensor,
    state_ids: Sequence[int],
    *,
    kind: str = "focal",
    gamma: float = 2.0,
    counts: Counts | None = None,
    normalizer: float | Tensor | None = None,
    rules: str = "corrected",
) -> Tensor:
    """Scalar loss of unshifted logits against labels; position t is scored against label t + 1.

    Args:
        logits: (B, T, V), any float dtype.
        labels: (B, T) int64, -100 is ignored.
        state_ids: token ids of (silence, standby, response).
        kind: `focal`; `focal_detached` (no gradient through (1-p)^gamma); `fixed` (0.3 / 1.3 / 2.0);
            `class_balanced` (see `effective_number_weights`, no focal factor); `ce`.
        gamma: focusing exponent.
        counts: how often each state is a label in whatever the class weights are taken over, e.g. all
            micro-batches of an optimizer step; (3,), or (M, 3) with the counts of each row's own
            micro-batch; None: this batch.
        normalizer: |M|; None: the supervised positions of this batch.
        rules: `corrected` computes rows in fp32 (or finer) with 1/3 in alpha; `released` in the logits' own
            dtype with 1/(states present) in alpha, as the authors' public code does.

    Returns:
        Scalar; 0 with zero gradient where nothing is supervised. A state that is absent has no weight.

    Raises:
        ValueError: an unknown kind or rules, a kind the released code does not have, gamma below 0, or state
            ids that are not three different ids of the vocabulary.

    """
    targets_BT = labels[:, 1:]
    keep_BT = targets_BT != IGNORE
    return state_aware_rows(
        logits[:, :-1][keep_BT],
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
    counts: Counts | None = None,
    normalizer: float | Tensor | None = None,
    rules: str = "corrected",
) -> Tensor:
    """`state_aware_loss` on rows selected and shifted already (before lm_head: exact and cheaper)."""
    check_options(state_ids, logits_MV.shape[1], kind=kind, gamma=gamma, rules=rules)
    ce_M = row_cross_entropy(widened(logits_MV, rules), targets_M)
    return total_of_rows(
        ce_M,
        targets_M,
        state_ids,
        kind=kind,
        gamma=gamma,
        counts=counts,
        normalizer=normalizer,
        rules=rules,
    )


def check_options(state_ids: Sequence[int], vocabulary: int, *, kind: str, gamma: float, rules: str) -> None:
    """ValueError unless `state_aware_loss` is defined for these options; see there."""
    if kind not in KINDS or rules not in RULES:
        raise ValueError(f"kind {kind!r} of {KINDS} and rules {rules!r} of {RULES} were expected")
    if kind == "class_balanced" and rules == "released":
        raise ValueError("kind 'class_balanced' is newer than the released code: use rules 'corrected'")
    if not gamma >= 0:
        raise ValueError(f"gamma {gamma}: 0 or more was expected")
    ids = list(state_ids)
    if len(ids) != 3 or len(set(ids)) != 3 or not all(0 <= token < vocabulary for token in ids):
        raise ValueError(f"state ids {ids}: three different ids below {vocabulary} were expected")


def widened(logits_MV: Tensor, rules: str) -> Tensor:
    """Logits in the dtype rows are computed in: at least fp32 (bf16 rounds 1-p to 0 near p = 1).

    The released code keeps the logits' own dtype.
    """
    if rules == "corrected" and logits_MV.dtype in (torch.bfloat16, torch.float16):
        return logits_MV.float()
    return logits_MV


def row_cross_entropy(logits_MV: Tensor, targets_M: Tensor) -> Tensor:
    """-log p of the true token per row (M,), in the logits' dtype."""
    true_M = logits_MV.gather(1, targets_M.unsqueeze(1)).squeeze(1)
    return torch.logsumexp(logits_MV, dim=1) - true_M


def total_of_rows(
    ce_M: Tensor,
    targets_M: Tensor,
    state_ids: Sequence[int],
    *,
    kind: str,
    gamma: float,
    counts: Counts | None,
    normalizer: float | Tensor | None,
    rules: str,
) -> Tensor:
    """The loss from the cross-entropy of its rows: sum of weight * CE over |M|; no row gives 0."""
    if not targets_M.numel():
        return ce_M.sum() * 0.0  # an empty sum: 0 whatever |M| is, still in the graph
    weights_M = row_weights(ce_M, targets_M, state_ids, kind=kind, gamma=gamma, counts=counts, rules=rules)
    return (weights_M * ce_M).sum() / (targets_M.numel() if normalizer is None else normalizer)


def row_weights(
    ce_M: Tensor,
    targets_M: Tensor,
    state_ids: Sequence[int],
    *,
    kind: str,
    gamma: float,
    counts: Counts | None,
    rules: str,
) -> Tensor:
    """Weight of each row (M,): 1 for text, the state's weight (times its focal factor) for state tokens."""
    if kind == "ce":
        return torch.ones_like(ce_M)
    is_state_M3 = is_state(targets_M, state_ids)
    n_3 = is_state_M3.sum(0) if counts is None else torch.as_tensor(counts, device=targets_M.device)
    class_weights_3 = class_weights(n_3, kind=kind, rules=rules).to(ce_M.dtype)
    weights_M = torch.where(is_state_M3.any(1), (is_state_M3 * class_weights_3).sum(1), 1.0)
    if kind not in ("focal", "focal_detached"):
        return weights_M
    # 1 - p without cancellation near p = 1; never 0, where the slope of (1-p)^gamma may be infinite.
    missed_M = (-torch.expm1(-ce_M)).clamp_min(torch.finfo(ce_M.dtype).tiny)
    if kind == "focal_detached":
        missed_M = missed_M.detach()
    return weights_M * torch.where(is_state_M3.any(1), missed_M.pow(gamma), 1.0)


def class_weights(counts_3: Tensor, *, kind: str, rules: str) -> Tensor:
    """Weight (..., 3) fp64 of each state by the kind of loss; label counts matter to the balanced kinds."""
    if kind == "fixed":
        return torch.tensor(FIXED_WEIGHTS, dtype=torch.float64, device=counts_3.device)
    if kind == "class_balanced":
        return effective_number_weights(counts_3)
    return alpha(counts_3, rules=rules)


def alpha(counts_3: Tensor, *, rules: str = "corrected") -> Tensor:
    """alpha (..., 3) of label counts: total / (S * n_k), 0 where n_k is 0; S is 3, or the states present."""
    counts_3 = counts_3.double()
    present = counts_3 > 0
    classes = 3.0 if rules == "corrected" else present.sum(-1, keepdim=True).clamp_min(1)
    return torch.where(present, counts_3.sum(-1, keepdim=True) / (classes * counts_3.clamp_min(1.0)), 0.0)


def effective_number_weights(counts_3: Tensor, *, beta: float = BETA) -> Tensor:
    """Class-balanced weights (..., 3) of label counts (Cui et al., CVPR 2019, equations 1 and 12).

    w_k = (1 - beta) / (1 - beta^n_k), the inverse of the effective number of samples, 0 where n_k is 0; then
    scaled so that the weights of the present states sum to how many are present (the paper's C classes). Each
    state row is w_k * CE, each text row CE; beta -> 0 gives CE, beta -> 1 inverse frequency.
    """
    counts_3 = counts_3.double()
    present = counts_3 > 0
    effective_3 = torch.expm1(counts_3.clamp_min(1.0) * math.log(beta)) / (beta - 1.0)
    raw_3 = torch.where(present, 1.0 / effective_3, 0.0)
    smallest = torch.finfo(torch.float64).tiny
    return raw_3 * (present.sum(-1, keepdim=True) / raw_3.sum(-1, keepdim=True).clamp_min(smallest))


def is_state(targets_M: Tensor, state_ids: Sequence[int]) -> Tensor:
    """(M, 3) bool: whether the target is silence, standby, response."""
    return targets_M.unsqueeze(1) == torch.as_tensor(list(state_ids), device=targets_M.device)


def state_counts(labels: Tensor, state_ids: Sequence[int]) -> Tensor:
    """Label counts (3,) of the states in (B, T) unshifted labels; the first position is never predicted."""
    return is_state(labels[:, 1:].flatten(), state_ids).sum(0)
