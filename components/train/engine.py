"""The DeepSpeed engine: AdamW, ZeRO, warm-up and cosine. There is no other way to train here."""

import math
import os
from collections.abc import Callable
from typing import Any

from torch import nn

from components.train.aside import Aside
from components.train.config import engine_config
from components.train.recipe import Recipe

# Where the ranks that `launch` starts on one machine meet: a file instead of a port.
MEET = "STREAMO_MEET"


def world() -> tuple[int, int]:
    """(rank, ranks) as torchrun or `launch` tells them; (0, 1) outside."""
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


def join() -> None:
    """Meet the other ranks. On CPU they speak through gloo, and nothing is compiled: DeepSpeed's own op for
    ranks that share memory, which is only faster, is switched off before it would be built (90 s).
    """
    import torch

    rank, ranks = world()
    if not torch.cuda.is_available():
        os.environ["DS_ACCELERATOR"] = "cpu"
    os.environ.setdefault("LOCAL_RANK", str(rank))
    import deepspeed
    from deepspeed.ops import __compatible_ops__

    if not torch.cuda.is_available():
        __compatible_ops__["deepspeed_shm_comm"] = False
    _quiet()
    if not torch.distributed.is_initialized():
        _meet(deepspeed, rank, ranks)


def start_engine(module: nn.Module, recipe: Recipe, *, universal: bool = False) -> Any:
    """Wrap what is trained of `module`; whatever DeepSpeed raises goes up.

    Its frozen parts stand aside from now on (`engine.aside`, see `components.train.aside`).

    Args:
        module: returns the loss itself, so that ZeRO's hooks see the whole forward.
        recipe: knobs.
        universal: the engine will load a universal checkpoint (another number of ranks wrote it).

    """
    import torch

    join()
    import deepspeed

    config = engine_config(recipe, world()[1])
    if universal:
        config["checkpoint"] = {"load_universal": True}
    aside = Aside(module)
    trainable = list(module.parameters())
    engine, *_ = deepspeed.initialize(
        model=module,
        model_parameters=trainable,
        config=config,
        lr_scheduler=lambda optimizer: torch.optim.lr_scheduler.LambdaLR(optimizer, schedule(recipe)),
    )
    for split in aside.splits:
        split.to(engine.device)
    engine.aside = aside
    return engine


def schedule(recipe: Recipe) -> Callable[[int], float]:
    """Factor of the learning rate at a 0-based step: linear warm-up, then cosine to 0 at `steps`."""
    warm = max(1, round(recipe.warmup * recipe.steps))

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, recipe.steps - warm)))

    return factor


def _meet(deepspeed: Any, rank: int, ranks: int) -> None:
    """Bring the ranks together: at torchrun's address, or in the file of `launch`; one rank is by itself."""
    import torch

    backend = "nccl" if torch.cuda.is_available() else "gloo"
    store, where = os.environ.get(MEET), {}
    if store is not None:
        where = {"init_method": f"file://{store}", "rank": rank, "world_size": ranks}
    elif ranks == 1:  # in memory: no port to fight for, and no file that a killed run would leave
        os.environ.update(RANK="0", WORLD_SIZE="1")
        # DeepSpeed takes no store, but the group that it finds.
        memory = torch.distributed.HashStore()  # type: ignore[attr-defined]  # documented, but not in its types
        torch.distributed.init_process_group(backend, store=memory, rank=0, world_size=1)
    deepspeed.init_distributed(dist_backend=backend, auto_mpi_discovery=False, **where)


def _quiet() -> None:
    """DeepSpeed tells its whole configuration at INFO; warnings stay."""
    import logging

    logging.getLogger("DeepSpeed").setLevel(logging.WARNING)
