"""The knobs of a run that memory depends on, as a plan varies them."""

from dataclasses import dataclass, replace
from typing import Any

from components.train.config import engine_config
from components.train.recipe import Recipe

DEEPSPEED_GROUP = 10**9  # its default sub_group_size
BYTES = {"float32": 4, "bfloat16": 2}


@dataclass(frozen=True)
class Settings:
    """Knobs of section `train` and sizes of the DeepSpeed configuration.

    bucket: numbers in a reduction bucket, buckets: how many there are. live: numbers
    of gathered weights that ZeRO-3 keeps on a card. group: numbers it updates at a time.
    """

    recipe: Recipe
    gpus: int
    bucket: int
    buckets: int
    live: int
    group: int

    @classmethod
    def of(cls, recipe: Recipe, gpus: int) -> "Settings":
        """What `recipe` means on `gpus` cards, by the files of infra/deepspeed/configs."""
        zero = engine_config(recipe, gpus)["zero_optimization"]
        return cls(
            recipe=recipe,
            gpus=gpus,
            bucket=int(zero.get("reduce_bucket_size", 0)),
            buckets=2 if zero.get("overlap_comm") else 1,
            live=int(zero.get("stage3_max_live_parameters", 0)),
            group=int(zero.get("sub_group_size", DEEPSPEED_GROUP)),
        )

    def change(self, *, gpus: int | None = None, **knobs: Any) -> "Settings":
        """The same with another number of cards, or other knobs of the recipe."""
        return Settings.of(replace(self.recipe, **knobs), gpus or self.gpus)

    @property
    def budget(self) -> int:
        """Tokens of a pack."""
        return self.recipe.token_budget

    @property
    def item(self) -> int:
        """Bytes of a weight or an activation."""
        return BYTES[self.recipe.dtype]

    @property
    def grad_item(self) -> int:
        """Bytes of a summed gradient."""
        return BYTES[self.recipe.grad_dtype]
