"""Qwen2.5-VL: a windowed vision tower and one merger."""

from typing import Any

import torch
from torch import Tensor

from components.model.families.bare import bare_tower
from components.model.families.qwen import QwenVL


class Qwen25VL(QwenVL):
    """The paper's family (3B tied, 7B untied; rows of the token matrices padded beyond the tokenizer)."""

    name = "qwen2_5_vl"

    def model_class(self) -> Any:
        """`Qwen2_5_VLForConditionalGeneration`."""
        from transformers import Qwen2_5_VLForConditionalGeneration

        return Qwen2_5_VLForConditionalGeneration

    def tower(self, model: Any, pixel_values: Tensor, grids_I3: Tensor) -> Tensor:
        """(N, merge^2 * width). The tower orders merged patches by attention window: this undoes it."""
        from transformers.vision_utils import get_vision_window_index

        visual = model.model.visual
        tower = bare_tower(visual, ("merger",))
        hidden = tower(pixel_values.to(visual.dtype), grid_thw=grids_I3).last_hidden_state
        window_index, _ = get_vision_window_index(
            grids_I3,
            spatial_merge_size=visual.spatial_merge_size,
            window_size=visual.window_size,
            patch_size=visual.patch_size,
        )
        grouped: Tensor = hidden.reshape(hidden.shape[0] // visual.spatial_merge_unit, -1)
        return grouped[torch.argsort(window_index)]

    def connect(self, model: Any, features_NF: Tensor) -> tuple[Tensor, ...]:
        """The merger normalises patch by patch, then joins merge^2 of them."""
        visual = model.model.visual
        return (visual.merger(features_NF.reshape(-1, visual.config.hidden_size)),)
