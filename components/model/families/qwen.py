"""What Qwen2.5-VL and Qwen3-VL share: dynamic resolution, patches as a flat list, M-RoPE positions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from components.model.families.family import MAX_PIXELS, MIN_PIXELS, Marks, Visual
from components.model.positions import Grid, mrope_positions


class QwenVL:
    """Half of a `Family`; the classes of the two models say the rest."""

    marks = Marks(
        "<|vision_start|>",
        "<|image_pad|>",
        "<|vision_end|>",
        "",
        "<|vision_start|><|image_pad|><|vision_end|>",
    )
    vision = "model.visual."
    connector: tuple[str, ...] = ("model.visual.merger.",)

    def read_images(self, folder: Path) -> Any:
        """The PIL processor; frames are resized to MIN_PIXELS to MAX_PIXELS whatever the folder says.

        Published folders allow 12 to 16 million pixels, which is 16,000 tokens a second.
        """
        from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

        # Qwen2.5-VL's folders say min_pixels and max_pixels, Qwen3-VL's say size; these words win over both.
        return Qwen2VLImageProcessorPil.from_pretrained(
            folder, local_files_only=True, min_pixels=MIN_PIXELS, max_pixels=MAX_PIXELS
        )

    def encode(self, config: Any, images: Any, frames: Sequence[np.ndarray]) -> tuple[Tensor, list[Grid]]:
        """(P, channels * temporal * patch * patch) and (t, h, w) in patches of each frame."""
        out = images.preprocess(list(frames), return_tensors="pt", input_data_format="channels_last")
        return out["pixel_values"], [(int(t), int(h), int(w)) for t, h, w in out["image_grid_thw"].tolist()]

    def merge_size(self, config: Any) -> int:
        """`spatial_merge_size` of the vision tower."""
        return int(config.vision_config.spatial_merge_size)

    def positions(
        self, ids: Sequence[int], grids: Sequence[Grid], *, image_token: int, merge: int, start: int
    ) -> tuple[Tensor, int]:
        """M-RoPE. Qwen3-VL interleaves the three in the frequencies, not here: its positions are the same."""
        return mrope_positions(ids, grids, image_token=image_token, merge=merge, start=start)

    def language(
        self, model: Any, embeds_BLD: Tensor, positions_3BL: Tensor, visual: Visual | None, **options: Any
    ) -> Tensor:
        """Last hidden states; rows beyond the first (deepstack) are the text model's to add."""
        if visual is not None and len(visual.rows) > 1:
            options |= {
                "visual_pos_masks": visual.places,
                "deepstack_visual_embeds": list(visual.rows[1:]),
            }
        out = model.model.language_model(inputs_embeds=embeds_BLD, position_ids=positions_3BL, **options)
        hidden_BLD: Tensor = out.last_hidden_state
        return hidden_BLD

    def patch_filters(self, model: Any) -> Tensor:
        """(filters, channels, frames, patch, patch)."""
        filters: Tensor = model.model.visual.patch_embed.proj.weight
        return filters
