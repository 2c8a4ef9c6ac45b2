"""Recall and precision of each state on validation samples, teacher-forced: the curve beside the loss."""

from collections.abc import Sequence

import torch
from torch import Tensor

from components.model.adapter import Adapter
from components.model.pack import Pack, supervised_hidden
from components.model.timing import SpeakHead
from components.protocol.states import LABELS
from components.train.loss import is_state

COLUMNS = (
    *(f"recall_{label}" for label in LABELS),
    *(f"precision_{label}" for label in LABELS),
    "answers_exact",
    "false_alarms_per_quiet_minute",
)


@torch.no_grad()
def check(adapter: Adapter, packs: Sequence[Pack], speak: SpeakHead | None = None) -> dict[str, float]:
    """COLUMNS over some packs: states by arg max over the three, answers by arg max of every text token.

    A share without a denominator is 0. A false alarm is a Response on a turn labelled otherwise; such turns
    are the quiet ones, a second each. The model comes back in the mode it was in.
    `speak`: a head that decides in place of the tokens, at one half.
    """
    training = adapter.model.training
    adapter.model.eval()
    confusion = torch.zeros(3, 3, dtype=torch.int64)
    exact = total = 0
    for pack in packs:
        there = pack.to(adapter.model.device)
        hidden_MD, targets_M = supervised_hidden(adapter, there)
        logits_MV, targets_M = adapter.logits(hidden_MD).cpu(), targets_M.cpu()
        if speak is not None:
            state_M = is_state(targets_M, adapter.state_ids).any(1)
            said_S = speak(hidden_MD).cpu().to(logits_MV.dtype)[state_M]
            of_three = [torch.zeros_like(said_S), torch.full_like(said_S, -torch.inf), said_S]
            logits_MV[state_M.nonzero(), list(adapter.state_ids)] = torch.stack(of_three, 1)
        confusion += state_confusion(logits_MV, targets_M, adapter.state_ids)
        right, told = exact_answers(logits_MV, targets_M, adapter.state_ids)
        exact, total = exact + right, total + told
    adapter.model.train(training)
    hits = confusion.diagonal()
    shares = [*_share(hits, confusion.sum(1)), *_share(hits, confusion.sum(0)), exact / max(1, total)]
    shares.append(60 * int(confusion[:2, 2].sum()) / max(1, int(confusion[:2].sum())))
    return {name: round(share, 6) for name, share in zip(COLUMNS, shares, strict=True)}


def state_confusion(logits_MV: Tensor, targets_M: Tensor, state_ids: Sequence[int]) -> Tensor:
    """(3, 3) counts: true state by predicted state, over the rows whose target is a state."""
    ids = torch.tensor(list(state_ids))
    true_M, state_S = (targets_M.unsqueeze(1) == ids).nonzero(as_tuple=True)
    guess_S = logits_MV[true_M][:, ids].argmax(1)
    return torch.bincount(state_S * 3 + guess_S, minlength=9).reshape(3, 3)


def exact_answers(logits_MV: Tensor, targets_M: Tensor, state_ids: Sequence[int]) -> tuple[int, int]:
    """(answers whose every token is the arg max, answers); rows are in the order of the tokens."""
    right_M = (logits_MV.argmax(1) == targets_M).tolist()
    exact = total = 0
    telling, good = False, True
    for target, right in zip(targets_M.tolist(), right_M, strict=True):
        if target in state_ids:
            exact, total = exact + (telling and good), total + telling
            telling, good = target == state_ids[2], True
        else:
            good = good and right
    return exact + (telling and good), total + telling


def _share(hits: Tensor, of: Tensor) -> list[float]:
    shares: list[float] = (hits.double() / of.clamp_min(1)).tolist()
    return shares
