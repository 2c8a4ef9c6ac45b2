"""The DeepSpeed configuration: files in infra/deepspeed/configs, filled in with the recipe's values.

The files hold what a cluster tunes (bucket sizes, overlap, offload); `"auto"` marks what the recipe decides.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.core.errors import UsageError
from components.core.files import read_json
from components.train.recipe import Recipe

CONFIGS = Path(__file__).resolve().parents[2] / "infra/deepspeed/configs"
AUTO = "auto"
SHORT = {"float32": "fp32", "bfloat16": "bf16"}


def engine_config(recipe: Recipe, ranks: int, folder: Path = CONFIGS) -> dict[str, Any]:
    """The DeepSpeed configuration of a recipe on `ranks` ranks.

    `zero<stage>.json`, with `offload.json` laid over it where the recipe offloads its optimizer.

    Raises:
        UsageError: a file says another value than the recipe, or leaves one open that nothing fills.

    """
    names = [f"zero{recipe.zero_stage}.json", *(["offload.json"] if recipe.offload else [])]
    config: dict[str, Any] = {}
    for name in names:
        lay_over(config, read_json(folder / name))
    fill(config, recipe_values(recipe, ranks), f"{folder / names[0]}")
    for key in open_keys(config):
        raise UsageError(
            f"{folder / names[0]}: {key} is {AUTO!r}, but the recipe has no value for it; set one"
        )
    return config


def recipe_values(recipe: Recipe, ranks: int) -> dict[str, Any]:
    """What params.yaml decides, under DeepSpeed's keys.

    DeepSpeed's own sizes of a batch stay at one pack a rank: how many packs a step holds differs from step to
    step, so the loop sets the accumulation boundary itself and divides by |M| of the whole step.
    """
    optimizer = {"lr": recipe.lr, "betas": list(recipe.betas), "weight_decay": recipe.weight_decay}
    values: dict[str, Any] = {
        "train_batch_size": ranks,
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": 1,
        "gradient_clipping": recipe.clip,
        "bf16": {"enabled": recipe.dtype == "bfloat16"},
        "optimizer": {"type": "AdamW", "params": optimizer},
        "zero_optimization": {"stage": recipe.zero_stage},
        "steps_per_print": 10**9,
    }
    if recipe.zero_stage:
        values["data_types"] = {"grad_accum_dtype": SHORT[recipe.grad_dtype]}
    return values


def lay_over(config: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Put `more` over `config`, section by section."""
    for key, value in more.items():
        if isinstance(value, Mapping):
            lay_over(config.setdefault(key, {}), value)
        else:
            config[key] = value


def fill(config: dict[str, Any], values: Mapping[str, Any], where: str, above: str = "") -> None:
    """Write `values` where `config` has nothing or `"auto"`; a different value there is a UsageError."""
    for key, value in values.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            fill(config.setdefault(key, {}), value, where, f"{name}.")
        elif config.get(key, AUTO) not in (AUTO, value):
            raise UsageError(
                f"{where}: {name} is {config[key]!r}, but params train says {value!r}; write {AUTO!r} there"
            )
        else:
            config[key] = value


def open_keys(config: Mapping[str, Any], above: str = "") -> list[str]:
    """Dotted keys still `"auto"`."""
    found: list[str] = []
    for key, value in config.items():
        if isinstance(value, Mapping):
            found += open_keys(value, f"{above}{key}.")
        elif value == AUTO:
            found.append(f"{above}{key}")
    return found
