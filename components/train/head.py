"""Method `head`: the decision is a head's, not a token's (ViSpeak's informative head, made linear).

As in ViSpeak's code the head's loss is added to that of the text, its gradient runs through the whole model,
and the token of the state bears no loss. There the head has two layers and a sigmoid focal loss (alpha 0.25,
gamma 2); here it is one layer with binary cross-entropy, weighted by class as alpha weights the three states:
w_k = (n_0 + n_1) / (2 n_k) over the optimizer step. Total = (sum over text CE + sum over states w BCE) / |M|.

Shapes: M supervised rows, S of them states, D hidden.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from components.model.adapter import Adapter
from components.model.pack import Pack, supervised_hidden
from components.model.timing import SpeakHead
from components.train.loss import is_state
from components.train.module import LossOptions, StreamLoss

LEAST_SHARE = 1e-6


class HeadedLoss(StreamLoss):
    """`StreamLoss` for text tokens alone, and a head's loss where a state stands."""

    def __init__(self, adapter: Adapter, options: LossOptions):
        super().__init__(adapter, options)
        weight = adapter.model.get_output_embeddings().weight
        self.speak = SpeakHead(weight.shape[1], weight.dtype)

    def forward(self, pack: Pack, counts: Tensor, normalizer: float) -> tuple[Tensor, Tensor]:
        """As `StreamLoss`; the cross-entropy of a state's row is the head's, unweighted."""
        hidden_MD, targets_M = supervised_hidden(self.adapter, pack)
        state_M = is_state(targets_M, self.adapter.state_ids).any(1)
        text: tuple[Tensor, Tensor] = self.head(hidden_MD[~state_M], targets_M[~state_M], counts, normalizer)
        due_S = (targets_M[state_M] == self.adapter.state_ids[2]).float()
        bce_S = binary_cross_entropy_with_logits(self.speak(hidden_MD[state_M]), due_S, reduction="none")
        due, quiet = counts[2].float(), counts[:2].sum().float()
        weights_S = (due + quiet) / (2 * torch.where(due_S > 0, due, quiet))
        ce_M = torch.zeros(len(targets_M), dtype=torch.float32, device=targets_M.device)
        ce_M[~state_M], ce_M[state_M] = text[1].float(), bce_S.detach()
        return text[0] + (weights_S * bce_S).sum() / normalizer, ce_M


def best_threshold(shares: Sequence[float], due: Sequence[bool]) -> float:
    """The threshold at which F1 of speaking is best, halfway to the next lower share; the highest on a tie.

    0.5 where nothing is due or nothing was asked about.
    """
    ranked = sorted(zip(shares, due, strict=True), reverse=True)
    total, hits, best, found = sum(due), 0, 0.0, 0.5
    for place, (share, right) in enumerate(ranked):
        hits += right
        below = ranked[place + 1][0] if place + 1 < len(ranked) else 0.0
        if below == share:
            continue
        f1 = 2 * hits / (place + 1 + total)
        if f1 > best:
            best, found = f1, (share + below) / 2
    return round(max(found, LEAST_SHARE), 6)


@torch.no_grad()
def head_shares(module: HeadedLoss, packs: Iterable[Pack]) -> tuple[list[float], list[bool]]:
    """The head's probability on every supervised state of some packs, and whether a Response stands there."""
    training = module.model.training
    module.model.eval()
    shares: list[float] = []
    due: list[bool] = []
    for pack in packs:
        there = pack.to(module.adapter.model.device)
        hidden_MD, targets_M = supervised_hidden(module.adapter, there)
        state_M = is_state(targets_M, module.adapter.state_ids).any(1)
        shares += module.speak(hidden_MD[state_M]).sigmoid().tolist()
        due += (targets_M[state_M] == module.adapter.state_ids[2]).tolist()
    module.model.train(training)
    return shares, due
