"""One optimizer step over any number of packs: counts first, then forward, backward, one update.

Shapes: M supervised tokens of a pack; statistics (2, 4) are sums of CE and rows for silence, standby,
response, text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from components.core.errors import InternalError
from components.model.encode import IGNORE
from components.train.engine import world
from components.train.heartbeat import Heart
from components.train.loss import state_counts
from components.train.statistics import by_kind, means, targets_of


class Labelled(Protocol):
    """What a step needs of a micro-batch: labels (B, T), unshifted, and a move to the engine's device."""

    @property
    def labels(self) -> Tensor:
        """(B, T) int64, -100 where nothing is supervised."""

    def to(self, device: torch.device) -> "Labelled":
        """The same on another device."""


@dataclass(frozen=True)
class StepDone:
    """What a step leaves: a row of `curves/loss.csv`, equal on all ranks, and for each of this rank's packs
    the cross-entropy (M,) of its supervised tokens, on the CPU.
    """

    row: dict[str, float]
    ce: list[Tensor]


def engine_step(
    engine: Any, packs: Sequence[Labelled], state_ids: Sequence[int], *, step: int, heart: Heart | None = None
) -> StepDone:
    """Forward, backward and update over this rank's packs of one step.

    Every rank has the same number of packs (a short one runs an empty pack), else collectives would cross.
    DeepSpeed averages gradients over ranks and knows nothing of the packs (`scale_wrt_gas=False`); ours is a
    sum over the step divided by its |M|, so the rows are divided by |M| / ranks.
    """
    ranks, heart = world()[1], heart or Heart(None, world()[0])
    counts_rows = step_totals(packs, state_ids, step, engine.device)
    normalizer = max(1, int(counts_rows[3])) / ranks
    lr = float(engine.get_lr()[0])
    loss = torch.zeros((), dtype=torch.float64, device=engine.device)
    rows: list[Tensor] = []
    for place, pack in enumerate(packs, start=1):
        heart.beat(step + 1, place, f"pack {place} of {len(packs)}")
        engine.set_gradient_accumulation_boundary(place == len(packs))
        part, ce_M = engine(pack.to(engine.device), counts_rows[:3], normalizer)
        engine.backward(part, scale_wrt_gas=False)
        loss += part.detach().double() / ranks
        rows.append(ce_M)
    heart.beat(step + 1, len(packs) + 1, "optimizer")
    norm = update(engine)
    found = [
        by_kind(ce_M, targets_of(pack.labels).to(ce_M.device), state_ids)
        for ce_M, pack in zip(rows, packs, strict=True)
    ]
    loss, statistics = all_reduce(loss), all_reduce(torch.stack(found).sum(0))
    ce = {f"ce_{name}": value for name, value in means(statistics).items()}
    row = {"loss": float(loss), **ce, "lr": lr, "grad_norm": norm}
    return StepDone(row, [ce_M.cpu() for ce_M in rows])


def update(engine: Any) -> float:
    """The optimizer's update; returns the norm of the whole gradient before clipping.

    At ZeRO stage 0 DeepSpeed does not keep it, but every rank has all of the gradient.
    """
    if engine.zero_optimization_stage():
        engine.step()
        return float(engine.get_global_grad_norm())
    gradients = [value.grad for value in engine.module.parameters() if value.grad is not None]
    norm = float(torch.nn.utils.get_total_norm(gradients))
    engine.step()
    return norm


def step_totals(
    packs: Sequence[Labelled], state_ids: Sequence[int], step: int, device: torch.device
) -> Tensor:
    """(4,) int64, equal on all ranks: label counts of the states, and |M|, over the whole step.

    Raises:
        InternalError: the ranks stand at different steps or hold different numbers of packs.

    """
    labels = [_supervised(pack.labels, state_ids) for pack in packs]
    totals_4 = all_reduce(torch.stack(labels).sum(0).to(device))
    agree("step, packs and label counts", [step, len(packs), *totals_4.tolist()], device)
    return totals_4


def agree(what: str, values: Sequence[int], device: torch.device) -> None:
    """InternalError unless all ranks hold the same `values`: alpha would differ, or the ranks would hang."""
    if world()[1] == 1:
        return
    mine = torch.tensor([*values, *(-value for value in values)], device=device)
    torch.distributed.all_reduce(mine, op=torch.distributed.ReduceOp.MAX)
    highest, lowest = mine[: len(values)].tolist(), (-mine[len(values) :]).tolist()
    if highest != lowest:
        raise InternalError(
            f"rank {world()[0]} has {list(values)} as {what}, but over all ranks they run from {lowest} to "
            f"{highest}: the ranks do not see the same data"
        )


def all_reduce(values: Tensor) -> Tensor:
    """Sum over ranks, in place, on whatever device they speak; the values themselves on one rank."""
    if world()[1] > 1:
        nccl = torch.distributed.get_backend() == "nccl"
        moved = values.cuda() if nccl else values
        torch.distributed.all_reduce(moved)
        values.copy_(moved)
    return values


def _supervised(labels: Tensor, state_ids: Sequence[int]) -> Tensor:
    """(4,) int64: label counts of the states and |M|, the supervised positions."""
    rows = (labels[:, 1:] != IGNORE).sum()
    return torch.cat([state_counts(labels, state_ids), rows.unsqueeze(0)])
