"""The tiny model: a real one of any family with about a million parameters, built from nothing."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from components.model.adapter import Adapter
from components.model.families.registry import find_family
from components.model.tiny_configs import CONFIGS, IMAGES
from components.model.tokenizer import build_tokenizer


def new_adapter(
    texts: Iterable[str], seed: int, *, family: str = "qwen2_5_vl", states: bool = False
) -> Adapter:
    """A random tiny model whose tokenizer knows the words of some texts.

    Args:
        texts: what the tokenizer's words come from.
        seed: of the weights.
        family: its `model_type`.
        states: whether the state tokens exist already (for tests of streaming; a real base has none).

    """
    found = find_family(family, "tiny model")
    tokenizer = build_tokenizer(texts, marks=found.marks, states=states)
    config = CONFIGS[family](tokenizer, found)
    return Adapter(build_model(config, seed), tokenizer, IMAGES[family]())


def build_model(config: Any, seed: int) -> Any:
    """The family's model with random weights (fp32, eval mode) drawn from `seed` alone."""
    import torch

    family = find_family(config.model_type, "tiny model")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = family.model_class()(config).float().eval()
    _start_grey(family.patch_filters(model))
    return model


def _start_grey(filters_FC: Any) -> None:
    """Let the filters that read a patch begin by seeing brightness alone, at their old variance.

    With random filters colour is learnt at once and shape hardly at all in a hundred steps; filters that
    begin without colour see the same edge whatever the colour is (docs/experiments.md, tiny recipe).
    """
    import torch

    with torch.no_grad():
        grey = filters_FC.mean(1, keepdim=True) * filters_FC.shape[1] ** 0.5
        filters_FC.copy_(grey.expand_as(filters_FC))


def build_tiny(
    out_dir: Path, texts: Iterable[str], seed: int, *, family: str = "qwen2_5_vl", states: bool = True
) -> Path:
    """Save a loadable tiny model folder with random weights (see `new_adapter`); returns `out_dir`.

    Args:
        out_dir: made if missing; files in it are overwritten.
        texts: what the tokenizer's words come from.
        seed: of the weights.
        family: its `model_type`.
        states: whether the state tokens exist already.

    """
    new_adapter(texts, seed, family=family, states=states).save(out_dir)
    return Path(out_dir)
