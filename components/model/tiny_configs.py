"""Configurations and image processors of the tiny model in each family: about a million parameters.

The language model is the same size in all: d = 128, 4 layers, 4 heads, 2 key-value heads. The tower has width
64; a frame of the world (56 x 56 pixels) becomes four visual tokens.
"""

from collections.abc import Callable
from typing import Any

from components.model.families.family import MAX_PIXELS, MIN_PIXELS, Family
from components.model.layout import TAIL, single_id
from components.model.tokenizer import PADDING

PIXEL_MEAN, PIXEL_STD = 70 / 255, 55 / 255  # the world's background lands near 0
SIDE = 56  # pixels of InternVL's tile: one frame of the world

Config = Callable[[Any, Family], Any]


def _text(tokenizer: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer), "hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 4,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 32768,
        "initializer_range": 0.06, "tie_word_embeddings": True, "bos_token_id": None,
        "eos_token_id": single_id(tokenizer, TAIL), "pad_token_id": None, "dtype": "float32",
    }  # fmt: skip


def _rope(**more: Any) -> dict[str, Any]:
    return {"rope_type": "default", "rope_theta": 1000000.0, **more}


def _marks(tokenizer: Any, family: Family) -> dict[str, int]:
    return {
        "image_token_id": single_id(tokenizer, family.marks.pad),
        "video_token_id": single_id(tokenizer, PADDING),  # no videos: streams are images
        "vision_start_token_id": single_id(tokenizer, family.marks.start),
        "vision_end_token_id": single_id(tokenizer, family.marks.end),
    }


def qwen2_5_vl(tokenizer: Any, family: Family) -> Any:
    """`Qwen2_5_VLConfig`; sections are in frequency pairs and sum to head_dim / 2."""
    from transformers import Qwen2_5_VLConfig

    vision = {
        "depth": 1, "hidden_size": 64, "intermediate_size": 128, "num_heads": 4, "out_hidden_size": 128,
        "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2, "window_size": 112,
        "fullatt_block_indexes": [0], "initializer_range": 0.2, "dtype": "float32",
    }  # fmt: skip
    return Qwen2_5_VLConfig(
        text_config=_text(tokenizer) | {"rope_parameters": _rope(mrope_section=[4, 6, 6])},
        vision_config=vision,
        tie_word_embeddings=True,
        **_marks(tokenizer, family),
    )


def qwen3_vl(tokenizer: Any, family: Family) -> Any:
    """`Qwen3VLConfig`: two tower layers, the first of them also a deepstack level."""
    from transformers import Qwen3VLConfig

    vision = {
        "depth": 2, "hidden_size": 64, "intermediate_size": 128, "num_heads": 4, "out_hidden_size": 128,
        "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2, "num_position_embeddings": 16,
        "deepstack_visual_indexes": [0], "initializer_range": 0.2, "dtype": "float32",
    }  # fmt: skip
    rope = _rope(mrope_section=[6, 5, 5], mrope_interleaved=True)
    return Qwen3VLConfig(
        text_config=_text(tokenizer) | {"head_dim": 32, "rope_parameters": rope},
        vision_config=vision,
        tie_word_embeddings=True,
        **_marks(tokenizer, family),
    )


def internvl(tokenizer: Any, family: Family) -> Any:
    """`InternVLConfig` with a Qwen2 text model: one 56 x 56 tile a frame."""
    from transformers import InternVLConfig

    vision = {
        "num_hidden_layers": 1, "hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4,
        "attention_bias": True, "image_size": [SIDE, SIDE], "patch_size": [14, 14], "initializer_range": 0.2,
        "layer_scale_init_value": 1.0, "dtype": "float32",
    }  # fmt: skip
    return InternVLConfig(
        text_config=_text(tokenizer) | {"model_type": "qwen2", "rope_parameters": _rope()},
        vision_config=vision,
        image_token_id=single_id(tokenizer, family.marks.pad),
        image_seq_length=(SIDE // 28) ** 2,
        downsample_ratio=0.5,
        tie_word_embeddings=True,
    )


def _qwen_images() -> Any:
    """The PIL image processor of Qwen2-VL (the torchvision one does not import beside CPU torch)."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    return Qwen2VLImageProcessorPil(
        min_pixels=MIN_PIXELS, max_pixels=MAX_PIXELS, image_mean=[PIXEL_MEAN] * 3, image_std=[PIXEL_STD] * 3
    )


def _internvl_images() -> Any:
    """The PIL image processor of GOT-OCR2, which InternVL3's folders name."""
    from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil

    return GotOcr2ImageProcessorPil(
        size={"height": SIDE, "width": SIDE}, image_mean=[PIXEL_MEAN] * 3, image_std=[PIXEL_STD] * 3
    )


CONFIGS: dict[str, Config] = {"qwen2_5_vl": qwen2_5_vl, "qwen3_vl": qwen3_vl, "internvl": internvl}
IMAGES: dict[str, Callable[[], Any]] = {
    "qwen2_5_vl": _qwen_images,
    "qwen3_vl": _qwen_images,
    "internvl": _internvl_images,
}
