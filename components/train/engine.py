"""The DeepSpeed engine: AdamW, ZeRO, warm-up and cosine. There is no other way to train here."""

import atexit
import math
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from components.train.recipe import Recipe


def world() -> tuple[int, int]:
    """(rank, ranks) as torchrun tells them; (0, 1) outside."""
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


def start_engine(module: nn.Module, recipe: Recipe) -> Any:
    """Wrap `module` (its trainable parameters alone are optimized); whatever DeepSpeed raises goes up.

    One CPU rank compiles nothing: the shared-memory op, which only makes several ranks faster, is switched
    off before DeepSpeed would build it. A single rank meets itself in a file, so that two trainings on one
    machine never fight for a port.
    """
    import torch

    rank, ranks = world()
    if not torch.cuda.is_available():
        os.environ["DS_ACCELERATOR"] = "cpu"
    os.environ.setdefault("LOCAL_RANK", str(rank))
    import deepspeed
    from deepspeed.ops import __compatible_ops__

    if ranks == 1:
        __compatible_ops__["deepspeed_shm_comm"] = False
    _quiet()
    if not torch.distributed.is_initialized():
        _meet(deepspeed, rank, ranks)
    trainable = [value for value in module.parameters() if value.requires_grad]
    engine, *_ = deepspeed.initialize(
        model=module,
        model_parameters=trainable,
        config=engine_config(recipe, ranks),
        lr_scheduler=lambda optimizer: torch.optim.lr_scheduler.LambdaLR(optimizer, schedule(recipe)),
    )
    return engine


def engine_config(recipe: Recipe, ranks: int) -> dict[str, Any]:
    """The DeepSpeed configuration of a recipe on `ranks` ranks."""
    accumulation = recipe.accumulation(ranks)
    optimizer = {
        "lr": recipe.lr, "betas": list(recipe.betas), "eps": 1e-8, "weight_decay": recipe.weight_decay,
        "torch_adam": True,
    }  # fmt: skip
    return {
        "train_batch_size": recipe.batch,
        "train_micro_batch_size_per_gpu": recipe.batch // ranks // accumulation,
        "gradient_accumulation_steps": accumulation,
        "gradient_clipping": recipe.clip,
        "zero_optimization": {"stage": recipe.zero_stage},
        "bf16": {"enabled": recipe.dtype == "bfloat16"},
        "optimizer": {"type": "AdamW", "params": optimizer},
        "steps_per_print": 10**9,
    }


def schedule(recipe: Recipe) -> Callable[[int], float]:
    """Factor of the learning rate at a 0-based step: linear warm-up, then cosine to 0 at `steps`."""
    warm = max(1, round(recipe.warmup * recipe.steps))

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, recipe.steps - warm)))

    return factor


def _meet(deepspeed: Any, rank: int, ranks: int) -> None:
    import torch

    backend = "nccl" if torch.cuda.is_available() else "gloo"
    if ranks > 1:  # torchrun has set the address
        deepspeed.init_distributed(dist_backend=backend, auto_mpi_discovery=False)
        return
    os.environ.update(RANK="0", WORLD_SIZE="1")
    folder = Path(tempfile.mkdtemp(prefix="streamo-train-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # DeepSpeed meets again in it until the end
    store = folder / "store"
    deepspeed.init_distributed(
        dist_backend=backend, auto_mpi_discovery=False, init_method=f"file://{store}", rank=0, world_size=1
    )


def _quiet() -> None:
    """DeepSpeed tells its whole configuration at INFO; warnings stay."""
    import logging

    logging.getLogger("DeepSpeed").setLevel(logging.WARNING)
