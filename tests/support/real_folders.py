"""Small random models in the files of the published ones.

Real configuration keys, sharded safetensors with an index, a byte-level BPE tokenizer with the real special
tokens, the template's layout, the real image processor configuration. Only the numbers are small.
"""

import json
from dataclasses import dataclass

TEXTS = [
    "what color is the lamp?",
    "the lamp turned red after 3 jumps",
    "from 3s to 6s",
    "system user assistant",
]
CHATML = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
QWEN_MARKS = ["<|object_ref_start|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>"]
INTERN_MARKS = ["<img>", "</img>", "<IMG_CONTEXT>", "<quad>", "</quad>", "<video>"]

QWEN_IMAGE = (
    "{% if part['type'] == 'image' or 'image' in part or 'image_url' in part %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% elif 'text' in part %}{{ part['text'] }}{% endif %}"
)
INTERN_IMAGE = (
    "{% if part['type'] == 'image' %}{{ '<IMG_CONTEXT>\\n' }}"
    "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
)


def template(image):
    """ChatML as all three publish it, without tools and videos."""
    return (
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}"
        "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
        "{% for part in message['content'] %}" + image + "{% endfor %}{% endif %}"
        "{{ '<|im_end|>\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
    )


@dataclass(frozen=True)
class Shape:
    """How the token matrices of a folder are: `rows` None means as many as the tokenizer has tokens.

    `side`: pixels of InternVL's tile, 448 as published.
    """

    family: str
    tied: bool
    rows: int | None
    side: int = 448


# As published: Qwen2.5-VL 3B and Qwen3-VL 4B tied and padded, 7B and 8B untied; InternVL3 untied, not padded.
SHAPES = [
    Shape("qwen2_5_vl", True, 512),
    Shape("qwen2_5_vl", False, 512),
    Shape("qwen3_vl", True, 512),
    Shape("qwen3_vl", False, 512),
    Shape("internvl", False, None),
]


def write_real(folder, shape, *, seed=0):
    """Write such a folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = write_tokenizer(folder, shape.family)
    write_images(folder, shape)
    config = config_json(shape, tokenizer)
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    write_weights(folder, shape, seed)
    (folder / "config.json").write_text(json.dumps(config, indent=2))  # the library wrote its own over it
    return folder


def write_weights(folder, shape, seed):
    """Random weights as `save_pretrained` shards them, under the published names."""
    import torch
    from transformers import AutoConfig

    from components.model.families.registry import find_family

    config = AutoConfig.from_pretrained(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = find_family(shape.family).model_class()(config).float()
    model.save_pretrained(folder, max_shard_size="400KB")


def write_tokenizer(folder, family):
    """tokenizer.json, tokenizer_config.json and the chat template; returns the tokenizer."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    core.train_from_iterator(TEXTS, trainer)
    special = [*CHATML, *QWEN_MARKS, *(INTERN_MARKS if family == "internvl" else [])]
    core.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    core.add_tokens([AddedToken("<tool_call>", special=False, normalized=False)])  # as the real ones have it
    more = {}
    if family == "internvl":
        names = {
            "start_image_token": "<img>",
            "end_image_token": "</img>",
            "context_image_token": "<IMG_CONTEXT>",
        }
        more = {"extra_special_tokens": names | {"video_token": "<video>"}}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token="<|im_end|>", pad_token="<|endoftext|>",
        clean_up_tokenization_spaces=False, **more,
    )  # fmt: skip
    tokenizer.chat_template = template(INTERN_IMAGE if family == "internvl" else QWEN_IMAGE)
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"tokenizer_class": "Qwen2Tokenizer"}))
    return tokenizer


def write_images(folder, shape):
    """preprocessor_config.json with the published keys; pixel limits are the published, much larger ones."""
    clip = {
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
    }
    plain = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
    qwen = {"temporal_patch_size": 2, "merge_size": 2}
    found = {
        "qwen2_5_vl": qwen | clip | {
            "min_pixels": 3136, "max_pixels": 12845056, "patch_size": 14,
            "image_processor_type": "Qwen2VLImageProcessor", "processor_class": "Qwen2_5_VLProcessor",
        },
        "qwen3_vl": qwen | plain | {
            "size": {"longest_edge": 16777216, "shortest_edge": 65536}, "patch_size": 16,
            "image_processor_type": "Qwen2VLImageProcessorFast", "processor_class": "Qwen3VLProcessor",
        },
        "internvl": {
            "crop_size": None, "crop_to_patches": True, "data_format": "channels_first", "do_resize": True,
            "default_to_square": True, "do_convert_rgb": True, "do_normalize": True, "do_rescale": True,
            "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], "max_patches": 12,
            "min_patches": 1, "resample": 3, "rescale_factor": 0.00392156862745098,
            "size": {"height": shape.side, "width": shape.side},
            "image_processor_type": "GotOcr2ImageProcessorFast", "processor_class": "InternVLProcessor",
        },
    }[shape.family]  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(found))


def config_json(shape, tokenizer):
    """config.json as it is published (Qwen2.5-VL's is flat), with small numbers."""
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in (*CHATML, *QWEN_MARKS, *INTERN_MARKS)}
    text = {
        "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 4,
        "num_key_value_heads": 2, "hidden_act": "silu", "initializer_range": 0.1, "rms_norm_eps": 1e-6,
        "max_position_embeddings": 8192, "use_cache": True, "vocab_size": shape.rows or len(tokenizer),
        "bos_token_id": ids["<|endoftext|>"], "eos_token_id": ids["<|im_end|>"], "attention_dropout": 0.0,
    }  # fmt: skip
    marks = {
        "image_token_id": ids["<|image_pad|>"], "video_token_id": ids["<|vision_pad|>"],
        "vision_start_token_id": ids["<|vision_start|>"], "vision_end_token_id": ids["<|vision_end|>"],
    }  # fmt: skip
    if shape.family == "qwen2_5_vl":
        vision = {
            "depth": 2, "hidden_act": "silu", "hidden_size": 32, "intermediate_size": 48, "num_heads": 2,
            "in_chans": 3, "out_hidden_size": 64, "patch_size": 14, "spatial_merge_size": 2,
            "spatial_patch_size": 14, "window_size": 112, "fullatt_block_indexes": [1],
            "tokens_per_second": 2, "temporal_patch_size": 2,
        }  # fmt: skip
        return text | marks | {
            "architectures": ["Qwen2_5_VLForConditionalGeneration"], "model_type": "qwen2_5_vl",
            "rope_theta": 1000000.0, "rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3]},
            "tie_word_embeddings": shape.tied, "torch_dtype": "float32", "vision_config": vision,
            "max_window_layers": 70, "sliding_window": 32768, "use_sliding_window": False,
            "transformers_version": "4.41.2",
        }  # fmt: skip
    if shape.family == "qwen3_vl":
        vision = {
            "depth": 4, "hidden_act": "gelu_pytorch_tanh", "hidden_size": 32, "in_channels": 3,
            "initializer_range": 0.1, "intermediate_size": 48, "model_type": "qwen3_vl", "num_heads": 2,
            "num_position_embeddings": 64, "out_hidden_size": 64, "patch_size": 16, "spatial_merge_size": 2,
            "temporal_patch_size": 2, "deepstack_visual_indexes": [0, 2],
        }  # fmt: skip
        rope = {"mrope_interleaved": True, "mrope_section": [4, 2, 2], "rope_type": "default"}
        inner = text | {
            "head_dim": 16, "attention_bias": False, "dtype": "float32", "model_type": "qwen3_vl_text",
            "rope_scaling": rope, "rope_theta": 5000000, "tie_word_embeddings": shape.tied,
        }  # fmt: skip
        return marks | {
            "architectures": ["Qwen3VLForConditionalGeneration"], "model_type": "qwen3_vl",
            "text_config": inner, "vision_config": vision, "tie_word_embeddings": shape.tied,
            "transformers_version": "4.57.0.dev0",
        }  # fmt: skip
    vision = {
        "architectures": ["InternVisionModel"], "attention_bias": True, "attention_dropout": 0.0,
        "dropout": 0.0, "hidden_act": "gelu", "hidden_dropout_prob": 0.0, "hidden_size": 32,
        "image_size": [shape.side] * 2, "initializer_range": 0.1, "intermediate_size": 48,
        "layer_norm_eps": 1e-6, "layer_scale_init_value": 0.1, "model_type": "internvl_vision",
        "norm_type": "layer_norm", "num_attention_heads": 2, "num_channels": 3, "num_hidden_layers": 2,
        "patch_size": [14, 14],
        "projection_dropout": 0.0, "use_absolute_position_embeddings": True, "use_mask_token": False,
        "use_mean_pooling": True, "use_qk_norm": False,
    }  # fmt: skip
    inner = text | {
        "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "sliding_window": None,
        "max_window_layers": 70, "rope_scaling": {"factor": 2.0, "rope_type": "dynamic", "type": "dynamic"},
        "rope_theta": 1000000.0, "use_sliding_window": False, "torch_dtype": "float32",
    }  # fmt: skip
    return {
        "architectures": ["InternVLForConditionalGeneration"], "model_type": "internvl",
        "downsample_ratio": 0.5, "image_seq_length": (shape.side // 28) ** 2,
        "image_token_id": ids["<IMG_CONTEXT>"],
        "projector_hidden_act": "gelu", "text_config": inner, "vision_config": vision,
        "vision_feature_layer": -1, "vision_feature_select_strategy": "default", "torch_dtype": "float32",
        "tie_word_embeddings": shape.tied, "transformers_version": "4.52.0.dev0",
    }  # fmt: skip
