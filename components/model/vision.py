"""The vision path in two halves: the frozen tower (cacheable) and the trained merger (connector)."""

from typing import Any

import torch
from torch import Tensor


def tower_features(visual: Any, pixel_values: Tensor, grids: Tensor) -> Tensor:
    """Output of the vision tower before the merger, in reading order.

    Args:
        visual: `Qwen2_5_VisionTransformerPretrainedModel`.
        pixel_values: (patches, channels * temporal * patch * patch) from the image processor.
        grids: (images, 3) int64, (t, h, w) in patches.

    Returns:
        (visual tokens, merge^2 * width): one row per merged patch; `merge(visual, rows)` finishes the work.

    """
    from transformers.vision_utils import get_vision_window_index

    hidden = visual(pixel_values.to(visual.dtype), grid_thw=grids).last_hidden_state
    window_index, _ = get_vision_window_index(
        grids,
        spatial_merge_size=visual.spatial_merge_size,
        window_size=visual.window_size,
        patch_size=visual.patch_size,
    )
    grouped: Tensor = hidden.reshape(hidden.shape[0] // visual.spatial_merge_unit, -1)
    return grouped[torch.argsort(window_index)]


def merge(visual: Any, features: Tensor) -> Tensor:
    """Tower rows (visual tokens, merge^2 * width) -> embeddings (visual tokens, d) through the connector."""
    width = visual.config.hidden_size  # the merger normalises patch by patch, then joins merge^2 of them
    out: Tensor = visual.merger(features.reshape(-1, width))
    return out
