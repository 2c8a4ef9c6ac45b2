"""InternVL3 (the `-hf` folders): square tiles of one size, pixel shuffle, a projector, 1-D positions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from components.core.errors import DataError
from components.model.families.family import Marks, Visual
from components.model.positions import Grid, text_positions


class InternVL:
    """A frame is one tile, without thumbnail: 448 x 448 pixels, 256 tokens, whatever its size was.

    The paper's pixel limits are of dynamic resolution and have nothing to say here. Several tiles a frame
    (`crop_to_patches`) are for documents: at one frame a second they would multiply the tokens of a stream.
    """

    name = "internvl"
    marks = Marks("<img>", "<IMG_CONTEXT>", "</img>", "\n", "<IMG_CONTEXT>\n")
    vision = "model.vision_tower."
    connector: tuple[str, ...] = ("model.multi_modal_projector.",)

    def model_class(self) -> Any:
        """`InternVLForConditionalGeneration`."""
        from transformers import InternVLForConditionalGeneration

        return InternVLForConditionalGeneration

    def read_images(self, folder: Path) -> Any:
        """The PIL processor with cropping into tiles switched off."""
        from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil

        return GotOcr2ImageProcessorPil.from_pretrained(folder, local_files_only=True, crop_to_patches=False)

    def encode(self, config: Any, images: Any, frames: Sequence[np.ndarray]) -> tuple[Tensor, list[Grid]]:
        """(I, 3, side, side) and the grid of each tile in patches."""
        out = images.preprocess(list(frames), return_tensors="pt", input_data_format="channels_last")
        pixels: Tensor = out["pixel_values"]
        height, width = config.vision_config.patch_size
        grid = (1, pixels.shape[2] // height, pixels.shape[3] // width)
        return pixels, [grid] * len(frames)

    def merge_size(self, config: Any) -> int:
        """Pixel shuffle joins 1 / `downsample_ratio` patches a side."""
        ratio: float = config.downsample_ratio
        return round(1 / ratio)

    def tower(self, model: Any, pixel_values: Tensor, grids_I3: Tensor) -> Tensor:
        """(N, merge^2 * width): the last layer without the class token, pixel-shuffled.

        Raises:
            DataError: the configuration takes another layer or keeps the class token.

        """
        config, inner = model.config, model.model
        chosen = (config.vision_feature_layer, config.vision_feature_select_strategy)
        if chosen != (-1, "default"):
            raise DataError(
                f"config.json: vision_feature_layer and vision_feature_select_strategy are {chosen}, "
                "expected (-1, 'default')"
            )
        hidden_IPW = inner.vision_tower(pixel_values=pixel_values.to(model.dtype)).last_hidden_state[:, 1:]
        height, width = (int(side) for side in grids_I3[0, 1:])  # all tiles are of one size
        tiles = hidden_IPW.reshape(len(hidden_IPW), height, width, -1)
        shuffled = inner.pixel_shuffle(tiles, scale_factor=config.downsample_ratio)
        rows_NF: Tensor = shuffled.reshape(-1, shuffled.shape[-1])
        return rows_NF

    def connect(self, model: Any, features_NF: Tensor) -> tuple[Tensor, ...]:
        """The projector, row by row."""
        return (model.model.multi_modal_projector(features_NF),)

    def positions(
        self, ids: Sequence[int], grids: Sequence[Grid], *, image_token: int, merge: int, start: int
    ) -> tuple[Tensor, int]:
        """One position a token, visual or not, in three equal rows."""
        return text_positions(ids, grids, image_token=image_token, merge=merge, start=start)

    def language(
        self, model: Any, embeds_BLD: Tensor, positions_3BL: Tensor, visual: Visual | None, **options: Any
    ) -> Tensor:
        """Last hidden states of the plain text model (Qwen2)."""
        out = model.model.language_model(inputs_embeds=embeds_BLD, position_ids=positions_3BL[0], **options)
        hidden_BLD: Tensor = out.last_hidden_state
        return hidden_BLD

    def patch_filters(self, model: Any) -> Tensor:
        """(filters, channels, patch, patch)."""
        filters: Tensor = model.model.vision_tower.embeddings.patch_embeddings.projection.weight
        return filters
