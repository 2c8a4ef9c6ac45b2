"""The tiny model: a real Qwen2.5-VL of about a million parameters, built from nothing."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from components.model.layout import IMAGE_PAD, TAIL, VISION_END, VISION_START, single_id
from components.model.tokenizer import PADDING, build_tokenizer

MIN_PIXELS, MAX_PIXELS = 3136, 100352  # 4 to 128 visual tokens a frame (paper, training details)
PIXEL_MEAN, PIXEL_STD = 70 / 255, 55 / 255  # the world's background lands near 0


def build_config(tokenizer: Any) -> Any:
    """`Qwen2_5_VLConfig` of the tiny model: LLM d=128, 4 layers; vision depth 1, width 64."""
    from transformers import Qwen2_5_VLConfig

    text = {
        "vocab_size": len(tokenizer), "hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 4,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 32768,
        "initializer_range": 0.06, "tie_word_embeddings": True, "bos_token_id": None,
        "eos_token_id": single_id(tokenizer, TAIL), "pad_token_id": None, "dtype": "float32",
        # Sections are in frequency pairs and sum to head_dim / 2.
        "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0, "mrope_section": [4, 6, 6]},
    }  # fmt: skip
    vision = {
        "depth": 1, "hidden_size": 64, "intermediate_size": 128, "num_heads": 4, "out_hidden_size": 128,
        "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2, "window_size": 112,
        "fullatt_block_indexes": [0], "initializer_range": 0.2, "dtype": "float32",
    }  # fmt: skip
    return Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision,
        tie_word_embeddings=True,
        image_token_id=single_id(tokenizer, IMAGE_PAD),
        video_token_id=single_id(tokenizer, PADDING),  # no videos: streams are images
        vision_start_token_id=single_id(tokenizer, VISION_START),
        vision_end_token_id=single_id(tokenizer, VISION_END),
    )


def build_model(config: Any, seed: int) -> Any:
    """`Qwen2_5_VLForConditionalGeneration` with random weights (fp32, eval mode) drawn from `seed` alone."""
    import torch
    from transformers import Qwen2_5_VLForConditionalGeneration

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen2_5_VLForConditionalGeneration(config).float().eval()
    _start_grey(model.model.visual.patch_embed.proj.weight)
    return model


def _start_grey(filters_FCTHW: Any) -> None:
    """Let the filters that read a patch begin by seeing brightness alone, at their old variance.

    With random filters colour is learnt at once and shape hardly at all in a hundred steps; filters that
    begin without colour see the same edge whatever the colour is (docs/experiments.md, tiny recipe).
    """
    import torch

    with torch.no_grad():
        grey = filters_FCTHW.mean(1, keepdim=True) * filters_FCTHW.shape[1] ** 0.5
        filters_FCTHW.copy_(grey.expand_as(filters_FCTHW))


def build_image_processor() -> Any:
    """The PIL image processor of Qwen2-VL (the torchvision one does not import beside CPU torch)."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    return Qwen2VLImageProcessorPil(
        min_pixels=MIN_PIXELS, max_pixels=MAX_PIXELS, image_mean=[PIXEL_MEAN] * 3, image_std=[PIXEL_STD] * 3
    )


def build_tiny(out_dir: Path, texts: Iterable[str], seed: int, *, states: bool = True) -> Path:
    """Save a loadable tiny model folder with random weights; returns `out_dir`.

    Args:
        out_dir: made if missing; files in it are overwritten.
        texts: what the tokenizer's words come from.
        seed: of the weights.
        states: whether the state tokens exist already (True for tests of streaming; a real base has none).

    """
    from components.model.adapter import Adapter

    tokenizer = build_tokenizer(texts, states=states)
    model = build_model(build_config(tokenizer), seed)
    Adapter(model, tokenizer, build_image_processor()).save(out_dir)
    return Path(out_dir)
