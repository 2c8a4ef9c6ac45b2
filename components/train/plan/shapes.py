"""The sizes that memory and FLOPs follow from, read off a model built on the meta device (no weights)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TOWER, CONNECTOR, LLM, TABLES = "vision tower", "connector", "LLM", "embedding, head"
COMPONENTS = (TOWER, CONNECTOR, LLM, TABLES)


@dataclass(frozen=True)
class Text:
    """The language model. query, keys: width of all query heads, of all key (or value) heads."""

    hidden: int
    layers: int
    heads: int
    query: int
    keys: int
    intermediate: int
    vocab: int
    qk_norm: bool


@dataclass(frozen=True)
class Vision:
    """The frozen tower and what of it the connector is given.

    full_layers: layers that attend over a whole frame; the others over `window` patches. gated: an MLP with a
    gate. rotary: queries and keys are rotated. patch: pixels a side. patch_values: numbers in a patch. tile:
    pixels of a frame, where every frame is brought to one size. levels: tower outputs a visual token takes
    (1 + deepstack). merged: patches of a visual token. connector: inner width of (each) connector.
    """

    hidden: int
    layers: int
    full_layers: int
    window: int
    intermediate: int
    gated: bool
    rotary: bool
    patch: int
    patch_values: int
    tile: int | None
    levels: int
    merged: int
    connector: int

    @property
    def features(self) -> int:
        """Width of a tower row: what one visual token takes from the tower."""
        return self.levels * self.merged * self.hidden

    def patches(self, pixels: int) -> int:
        """Patches of a frame of so many pixels."""
        return (self.tile or pixels) // self.patch**2


@dataclass(frozen=True)
class Shapes:
    """A model's sizes, and the parameters of each component that are trained and frozen.

    matrices: those that take part in products (2 FLOPs a token each), without norms, biases and tables.
    largest: numbers in the largest trained tensor. tied: one table is both embedding and head.
    """

    family: str
    text: Text
    vision: Vision
    trained: Mapping[str, int]
    frozen: Mapping[str, int]
    matrices: Mapping[str, int]
    largest: int
    tied: bool

    @property
    def all_trained(self) -> int:
        """Parameters with a gradient."""
        return sum(self.trained.values())

    @property
    def all_frozen(self) -> int:
        """Parameters without one."""
        return sum(self.frozen.values())


def read_shapes(
    values: Mapping[str, Any], where: str = "config.json", *, frozen: Sequence[str] = ("vision",)
) -> Shapes:
    """Shapes of a configuration (the content of a config.json) with its parts `frozen` frozen.

    Raises:
        DataError: its `model_type` is no known family; the message begins with `where`.

    """
    import torch
    from transformers import AutoConfig

    from components.model.families.registry import find_family
    from components.model.freeze import freeze

    family = find_family(values.get("model_type"), where)
    config = AutoConfig.for_model(**values)
    with torch.device("meta"):
        model = family.model_class()(config)
    freeze(model, frozen)
    trained, fixed, matrices = Counter[str](), Counter[str](), Counter[str]()
    for name, value in model.named_parameters():
        component = component_of(name, family)
        (trained if value.requires_grad else fixed)[component] += value.numel()
        if value.ndim > 1 and component != TABLES and "pos" not in name:
            matrices[component] += value.numel()
    return Shapes(
        family=family.name,
        text=_text(config.text_config),
        vision=_vision(config.vision_config, family.merge_size(config), _inner(model, family)),
        trained=dict(trained),
        frozen=dict(fixed),
        matrices=dict(matrices),
        largest=max(value.numel() for value in model.parameters() if value.requires_grad),
        tied=bool(config.tie_word_embeddings),
    )


def component_of(name: str, family: Any) -> str:
    """Which of COMPONENTS the parameter `name` of a family belongs to."""
    from components.model.freeze import part_of

    part = part_of(family, name)
    if part != "language":
        return CONNECTOR if part == "connector" else TOWER
    return TABLES if "embed_tokens" in name or name.startswith("lm_head") else LLM


def _text(text: Any) -> Text:
    head = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return Text(
        hidden=text.hidden_size,
        layers=text.num_hidden_layers,
        heads=text.num_attention_heads,
        query=text.num_attention_heads * head,
        keys=text.num_key_value_heads * head,
        intermediate=text.intermediate_size,
        vocab=text.vocab_size,
        qk_norm=text.model_type.startswith("qwen3"),
    )


def _vision(vision: Any, merge: int, connector: int) -> Vision:
    layers = getattr(vision, "depth", None) or vision.num_hidden_layers
    patch = vision.patch_size if isinstance(vision.patch_size, int) else vision.patch_size[0]
    channels = getattr(vision, "in_channels", None) or vision.num_channels
    window = getattr(vision, "window_size", None)  # Qwen2.5-VL alone: windows, gated MLP
    side = getattr(vision, "image_size", None)  # InternVL3 alone: tiles of one size, positions added to them
    tile = side[0] * side[1] if side else None
    return Vision(
        hidden=vision.hidden_size,
        layers=layers,
        full_layers=len(vision.fullatt_block_indexes) if window else layers,
        window=(window // patch) ** 2 if window else 0,
        intermediate=vision.intermediate_size,
        gated=window is not None,
        rotary=tile is None,
        patch=patch,
        patch_values=channels * getattr(vision, "temporal_patch_size", 1) * patch**2,
        tile=tile,
        levels=1 + len(getattr(vision, "deepstack_visual_indexes", None) or ()),
        merged=merge**2,
        connector=connector,
    )


def _inner(model: Any, family: Any) -> int:
    """Inner width of the connector: the outputs of its first matrix."""
    matrices = [
        value
        for name, value in model.named_parameters()
        if value.ndim == 2 and component_of(name, family) == CONNECTOR
    ]
    return int(matrices[0].shape[0])
