"""One optimizer step over any number of packs: counts first, then pack by pack, one update.

Shapes: M supervised tokens of a pack; statistics (2, 4) are sums of CE and rows for silence, standby,
response, text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from components.core.errors import InternalError
from components.train.engine import world
from components.train.heartbeat import Heart
from components.train.labels import Labels, sum_labels
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
    engine: Any,
    packs: Iterable[Labelled],
    labels: Sequence[Labels],
    state_ids: Sequence[int],
    *,
    step: int,
    heart: Heart | None = None,
) -> StepDone:
    """Forward, backward and update over this rank's packs of one step.

    `packs` gives as many as `labels` counts: one is asked for when the one before it is done with and let go
    of, so a rank holds one pack at a time, however many a step has.

    Every rank has the same number of packs (a short one runs an empty pack), else collectives would cross.
    DeepSpeed averages gradients over ranks and knows nothing of the packs (`scale_wrt_gas=False`); ours is a
    sum over the step divided by its |M|, so the rows are divided by |M| / ranks.
    """
    ranks, heart = world()[1], heart or Heart(None, world()[0])
    counts_rows = step_totals(labels, step, engine.device)
    normalizer = max(1, int(counts_rows[3])) / ranks
    lr = float(engine.get_lr()[0])
    loss = torch.zeros((), dtype=torch.float64, device=engine.device)
    rows: list[Tensor] = []
    targets: list[Tensor] = []
    waiting = iter(packs)  # `enumerate` would hold a pack while the next one is made
    for place in range(1, len(labels) + 1):
        # A rank that hangs in reading stands before those that wait for it: the watchdog names the first.
        heart.beat(step + 1, 2 * place - 1, f"reading pack {place} of {len(labels)}")
        pack = next(waiting)
        heart.beat(step + 1, 2 * place, f"pack {place} of {len(labels)}")
        engine.set_gradient_accumulation_boundary(place == len(labels))
        part, ce_M = engine(pack.to(engine.device), counts_rows[:3], normalizer)
        engine.backward(part, scale_wrt_gas=False)
        loss += part.detach().double() / ranks
        rows.append(ce_M)
        targets.append(targets_of(pack.labels))
        del pack, part
    heart.beat(step + 1, 2 * len(labels) + 1, "optimizer")
    norm = update(engine)
    found = [
        by_kind(ce_M, targets_M.to(ce_M.device), state_ids)
        for ce_M, targets_M in zip(rows, targets, strict=True)
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


def step_totals(labels: Sequence[Labels], step: int, device: torch.device) -> Tensor:
    """(4,) int64, equal on all ranks: label counts of the states, and |M|, over the whole step.

    labels: of each of this rank's packs.

    Raises:
        InternalError: the ranks stand at different steps or hold different numbers of packs.

    """
    totals_4 = all_reduce(torch.tensor(sum_labels(labels), device=device))
    agree("step, packs and label counts", [step, len(labels), *totals_4.tolist()], device)
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
