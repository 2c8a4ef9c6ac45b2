"""The knobs of one training run, read from params.yaml (section `train`)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from components.core.errors import UsageError

# Values that say how a run is carried out, not what it makes; a checkpoint outlives a change of these.
RUNTIME = ("save_every", "keep_checkpoints", "ranks", "hang_s")


@dataclass(frozen=True)
class Recipe:
    """Section `train` of params.yaml (the paper's values: profiles/paper-*.yaml).

    steps, batch: optimizer steps, and samples in each over all ranks. token_budget: tokens of one forward (a
    pack) at most; a longer sample is cut into windows.
    lr, betas, weight_decay, warmup (share of steps), clip (gradient norm): AdamW, warm-up, cosine to 0.
    zero_stage: ZeRO stage of DeepSpeed. offload: keep the optimizer (moments, fp32 weights) in CPU memory.
    dtype: of weights and activations, `float32` or `bfloat16` (then the optimizer keeps fp32 weights).
    grad_dtype: in which gradients of the packs of a step are summed. gradient_checkpointing: compute
    activations again in the backward pass instead of keeping them. gamma: focusing exponent.
    rules: of the loss, `corrected` or `released` (loss focal with gamma 2 only; `module.LossOptions` refuses
    the rest): alpha of each sequence by itself over the states in it, rows in the logits' dtype.
    freeze: parts without gradient (`components.model.freeze.PARTS`), always `vision`: its output is cached.
    offsets: start offsets of a sample's clock in seconds, each entry equally likely, drawn from 0 .. entry.
    checkpoints: steps whose model is kept as `step-N/` beside the last.
    check_every, check_samples: the curve of recall and precision on the validation split.
    save_every: steps between checkpoints to resume from, 0 for none; keep_checkpoints: how many stay.
    ranks: processes of one machine (torchrun's WORLD_SIZE, where it started us, must equal it).
    hang_s: seconds without a sign of life after which a rank counts as hung.
    cache_mb: budget for cached features of the frozen vision tower. window_turns: turns a stream keeps.
    """

    steps: int
    batch: int
    token_budget: int
    lr: float
    betas: tuple[float, float]
    weight_decay: float
    warmup: float
    clip: float
    zero_stage: int
    offload: bool
    dtype: str
    grad_dtype: str
    gradient_checkpointing: bool
    freeze: tuple[str, ...]
    gamma: float
    rules: str
    offsets: tuple[int, ...]
    checkpoints: tuple[int, ...]
    check_every: int
    check_samples: int
    save_every: int
    keep_checkpoints: int
    ranks: int
    hang_s: float
    cache_mb: float
    window_turns: int

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.token_budget, self.check_every, self.window_turns) < 1:
            raise UsageError(
                "params train: steps, batch, token_budget, check_every and window_turns are at least 1"
            )
        if self.zero_stage not in (0, 1, 2, 3):
            raise UsageError(f"params train.zero_stage: {self.zero_stage}, expected 0 to 3")
        if self.dtype not in ("float32", "bfloat16"):
            raise UsageError(f"params train.dtype: {self.dtype!r}, expected float32 or bfloat16")
        if self.grad_dtype not in (self.dtype, "float32"):
            raise UsageError(f"params train.grad_dtype: {self.grad_dtype!r}, expected float32 or train.dtype")
        if not self.zero_stage and (self.offload or self.dtype != "float32"):
            raise UsageError(
                "params train.zero_stage: 0 has neither an offloaded optimizer nor fp32 master weights under "
                "bfloat16; on one rank stage 1 costs the same"
            )
        if min(self.keep_checkpoints, self.ranks) < 1 or self.save_every < 0 or self.hang_s <= 0:
            raise UsageError(
                "params train: keep_checkpoints and ranks are 1 or more, save_every 0 or more, hang_s above 0"
            )
        if "vision" not in self.freeze:
            raise UsageError(
                f"params train.freeze: {list(self.freeze)}, expected vision among them: its output is cached"
            )
        if not self.offsets or min(self.offsets) < 0:
            raise UsageError("params train.offsets: a list of seconds, 0 or more")


def read_recipe(param: Callable[[str], Any]) -> Recipe:
    """The recipe from declared params; `param` maps a dotted key to its value (`Stage.param`)."""
    names = Recipe.__dataclass_fields__
    values = {name: param(f"train.{name}") for name in names}
    for name in ("betas", "freeze", "offsets", "checkpoints"):
        values[name] = tuple(values[name])
    for name in ("lr", "weight_decay", "warmup", "clip", "gamma", "hang_s", "cache_mb"):
        values[name] = float(values[name])
    return Recipe(**values)
