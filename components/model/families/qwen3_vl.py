"""Qwen3-VL: one merger behind the tower and one for each deepstack level."""

from typing import Any

import torch
from torch import Tensor

from components.model.families.bare import bare_tower
from components.model.families.qwen import QwenVL


class Qwen3VL(QwenVL):
    """Frames stay images: the library's timestamps belong to its videos, and our time tags say the same."""

    name = "qwen3_vl"
    connector: tuple[str, ...] = ("model.visual.merger.", "model.visual.deepstack_merger_list.")

    def model_class(self) -> Any:
        """`Qwen3VLForConditionalGeneration`."""
        from transformers import Qwen3VLForConditionalGeneration

        return Qwen3VLForConditionalGeneration

    def tower(self, model: Any, pixel_values: Tensor, grids_I3: Tensor) -> Tensor:
        """(N, (1 + levels) * merge^2 * width): the last layer, then each deepstack layer, side by side."""
        visual = model.model.visual
        levels = [layer + 1 for layer in visual.deepstack_visual_indexes]  # 0 is what enters the first layer
        tower = bare_tower(visual, ("merger", "deepstack_merger_list"))
        out = tower(pixel_values.to(visual.dtype), grid_thw=grids_I3, output_hidden_states=levels)
        layers = [out.last_hidden_state, *(out.hidden_states[level] for level in levels)]
        tokens = layers[0].shape[0] // visual.spatial_merge_unit
        return torch.cat([layer.reshape(tokens, -1) for layer in layers], dim=1)

    def connect(self, model: Any, features_NF: Tensor) -> tuple[Tensor, ...]:
        """The merger's rows, then those of each deepstack merger."""
        visual = model.model.visual
        mergers = [visual.merger, *visual.deepstack_merger_list]
        parts = features_NF.chunk(len(mergers), dim=1)
        width = visual.config.hidden_size
        return tuple(merge(part.reshape(-1, width)) for merge, part in zip(mergers, parts, strict=True))
