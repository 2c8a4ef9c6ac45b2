"""What is trained: the connector and the language model, not the vision tower (paper, training)."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from components.core.errors import UsageError
from components.model.families.family import Family
from components.model.families.registry import find_family

PARTS = ("vision", "connector", "language")  # every parameter is of one of them; the head is language


def part_of(family: Family, name: str) -> str:
    """Which of PARTS the parameter `name` belongs to."""
    if name.startswith(family.connector):
        return "connector"
    return "vision" if name.startswith(family.vision) else "language"


def freeze(model: Any, parts: Sequence[str] = ("vision",)) -> list[str]:
    """Stop gradients into `parts` and let them into the others; returns the trainable names, sorted.

    Raises:
        UsageError: a part that is not in PARTS, or nothing left to train.

    """
    unknown = sorted(set(parts) - set(PARTS))
    if unknown or set(parts) == set(PARTS):
        raise UsageError(f"freeze {list(parts)}: expected some, not all, of {', '.join(PARTS)}")
    family = find_family(model.config.model_type, "model")
    for name, value in model.named_parameters():
        value.requires_grad_(part_of(family, name) not in parts)
    return sorted(name for name, value in model.named_parameters() if value.requires_grad)


def weights_of(model: Any, part: str) -> dict[str, Tensor]:
    """Parameters and buffers of one part, by name: what a frozen part must keep bit for bit."""
    family = find_family(model.config.model_type, "model")
    return {name: value for name, value in model.state_dict().items() if part_of(family, name) == part}
