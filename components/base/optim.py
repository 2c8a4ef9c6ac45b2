"""Plain AdamW with warm-up and cosine: the base is small and made on one process."""

import math
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn

from components.core.progress import Progress

BETAS = (0.9, 0.98)
WARMUP = 0.05  # share of the steps
CLIP = 1.0  # gradient norm


def fit(
    label: str,
    parameters: Iterable[nn.Parameter],
    losses: Callable[[int], Tensor],
    *,
    steps: int,
    lr: float,
) -> Iterator[float]:
    """Minimise `losses(step)` for `steps` steps (0-based); yields the loss of each, with a progress line."""
    trained = [value for value in parameters if value.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=lr, betas=BETAS)
    warm = max(1, round(WARMUP * steps))
    progress = Progress(label, steps)
    for step in range(steps):
        share = (step - warm) / max(1, steps - warm)
        factor = (step + 1) / warm if step < warm else 0.5 * (1 + math.cos(math.pi * share))
        for group in optimizer.param_groups:
            group["lr"] = lr * factor
        loss = losses(step)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(trained, CLIP)
        optimizer.step()
        progress.step(note=f"loss {loss.item():.4f}")
        yield loss.item()
