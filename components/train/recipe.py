"""The knobs of one training run, read from params.yaml (section `train`)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from components.core.errors import UsageError


@dataclass(frozen=True)
class Recipe:
    """Section `train` of params.yaml (the paper's values: profiles/paper-*.yaml).

    steps, batch: optimizer steps, and samples in each over all ranks. micro_batch: samples in one forward.
    lr, betas, weight_decay, warmup (share of steps), clip (gradient norm): AdamW, warm-up, cosine to 0.
    zero_stage: ZeRO stage of DeepSpeed. dtype: `float32` or `bfloat16`. gamma: focusing exponent.
    offsets: start offsets of a sample's clock in seconds, each entry equally likely, drawn from 0 .. entry.
    checkpoints: steps whose model is kept as `step-N/` beside the last.
    check_every, check_samples: the curve of recall and precision on the validation split.
    cache_mb: budget for cached features of the frozen vision tower. window_turns: turns a stream keeps.
    """

    steps: int
    batch: int
    micro_batch: int
    lr: float
    betas: tuple[float, float]
    weight_decay: float
    warmup: float
    clip: float
    zero_stage: int
    dtype: str
    gamma: float
    offsets: tuple[int, ...]
    checkpoints: tuple[int, ...]
    check_every: int
    check_samples: int
    cache_mb: float
    window_turns: int

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.micro_batch, self.check_every) < 1:
            raise UsageError("params train: steps, batch, micro_batch and check_every are at least 1")
        if self.zero_stage not in (0, 1, 2, 3):
            raise UsageError(f"params train.zero_stage: {self.zero_stage}, expected 0 to 3")
        if self.dtype not in ("float32", "bfloat16"):
            raise UsageError(f"params train.dtype: {self.dtype!r}, expected float32 or bfloat16")
        if not self.offsets or min(self.offsets) < 0:
            raise UsageError("params train.offsets: a list of seconds, 0 or more")

    def accumulation(self, world: int) -> int:
        """Forward passes a rank makes in one optimizer step."""
        size = min(self.micro_batch, self.batch // world or 1)
        if self.batch % (size * world):
            raise UsageError(
                f"params train.batch {self.batch} is not {world} ranks x micro_batch {size} x a whole"
            )
        return self.batch // (size * world)


def read_recipe(param: Callable[[str], Any]) -> Recipe:
    """The recipe from declared params; `param` maps a dotted key to its value (`Stage.param`)."""
    names = Recipe.__dataclass_fields__
    values = {name: param(f"train.{name}") for name in names}
    for name in ("betas", "offsets", "checkpoints"):
        values[name] = tuple(values[name])
    for name in ("lr", "weight_decay", "warmup", "clip", "gamma", "cache_mb"):
        values[name] = float(values[name])
    return Recipe(**values)
