"""What is trained: connector (merger) and language model, not the vision tower (paper, training)."""

from typing import Any


def freeze_vision(model: Any) -> list[str]:
    """Stop gradients into the vision tower, but for its merger; returns the names left trainable, sorted."""
    model.requires_grad_(True)
    model.model.visual.requires_grad_(False)
    model.model.visual.merger.requires_grad_(True)
    return sorted(name for name, value in model.named_parameters() if value.requires_grad)
