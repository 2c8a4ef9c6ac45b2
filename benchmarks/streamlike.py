"""Random models of published shapes and stream-like samples for them: what `train_gpu.py` trains.

Nothing is downloaded: sizes come from the published config.json figures, weights and pixels are random, and
token ids are those of the tiny tokenizer, laid out as a stream has them (151 tokens a turn, 128 of them
visual, about 3 with a label).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from components.core.seeds import rng
from components.model.adapter import Adapter
from components.model.encode import IGNORE, Tokens
from components.model.families.registry import find_family
from components.model.positions import Grid
from components.model.tiny import new_adapter
from components.model.tiny_configs import IMAGES
from components.model.tokenizer import PADDING, build_tokenizer
from components.train.plan.load import PAPER, Load
from components.train.plan.published import PUBLISHED

FAMILY = "qwen2_5_vl"
REPOSITORIES = {"3b": "Qwen/Qwen2.5-VL-3B-Instruct", "7b": "Qwen/Qwen2.5-VL-7B-Instruct"}
ROPE = {"rope_type": "default", "rope_theta": 1000000.0, "mrope_section": [16, 24, 24]}
LONG = {"max_position_embeddings": 128000}
SHAPES = ("tiny", *REPOSITORIES)
TURN_TEXT, PREFIX, ANSWER = 23, 170, 8  # tokens: of a turn besides its frame, before it, of a spoken answer
STATE_SHARES = (12 / 17, 3 / 17, 2 / 17)  # silence, standby, response (paper)


@dataclass(frozen=True)
class Sample:
    """One stream: its tokens (L,), the pixels (P, patch values) and the grids of its frames."""

    tokens: Tokens
    pixels: Tensor
    grids: list[Grid]

    @property
    def length(self) -> int:
        """Tokens."""
        return len(self.tokens.input_ids)


def build_adapter(shape: str, device: str, dtype: torch.dtype) -> Adapter:
    """A random model of a shape with the three states among its tokens, on `device`."""
    if shape == "tiny":
        adapter = new_adapter(["how many jumps"], 0, family=FAMILY, states=True)
        adapter.model.to(device, dtype)
        return adapter
    from transformers import AutoConfig, AutoModelForImageTextToText

    family = find_family(FAMILY, "benchmark")
    tokenizer = build_tokenizer([], marks=family.marks, states=True)
    marks = {
        "image_token_id": family.marks.pad,
        "video_token_id": PADDING,
        "vision_start_token_id": family.marks.start,
        "vision_end_token_id": family.marks.end,
    }
    ids = {name: tokenizer.convert_tokens_to_ids(token) for name, token in marks.items()}
    values = dict(PUBLISHED[REPOSITORIES[shape]])
    values["text_config"] = {**values["text_config"], "rope_parameters": ROPE, **LONG}
    config = AutoConfig.for_model(**values, **ids)
    torch.manual_seed(0)
    with torch.device(device):
        model = AutoModelForImageTextToText.from_config(config, dtype=dtype, attn_implementation="sdpa")
    return Adapter(model, tokenizer, IMAGES[FAMILY]())


def grid_of(shape: str) -> Grid:
    """Patches of a frame: 512 become 128 visual tokens (100,352 pixels); the tiny world's 16 become 4."""
    return (1, 4, 4) if shape == "tiny" else (1, 16, 32)


def draw_samples(adapter: Adapter, shape: str, budget: int, seed: int) -> list[Sample]:
    """Streams with durations of the paper's histogram that fill `budget` tokens; the last is cut to fit."""
    generator = rng(seed, "streams")
    turn = TURN_TEXT + adapter.n_visual([grid_of(shape)])[0]
    turns, weights = zip(*PAPER.turns, strict=True)
    shares, left, samples = np.array(weights) / sum(weights), budget, []
    while left >= PREFIX + turn:
        count = min(int(generator.choice(turns, p=shares)), (left - PREFIX) // turn)
        samples.append(stream(adapter, shape, count, generator))
        left -= samples[-1].length
    return samples


def stream(adapter: Adapter, shape: str, turns: int, generator: np.random.Generator) -> Sample:
    """A stream of `turns` turns with random words, states 12 : 3 : 2 and random pixels."""
    layout, grid = adapter.layout, grid_of(shape)
    ids, labels = words(generator, PREFIX), [IGNORE] * PREFIX
    frame = layout.image(adapter.n_visual([grid])[0])
    for _ in range(turns):
        state = int(generator.choice(3, p=STATE_SHARES))
        spoken = words(generator, ANSWER) if state == 2 else []
        answer = [adapter.state_ids[state], *spoken, layout.end]
        head = words(generator, TURN_TEXT - 2 - len(answer))
        ids += [*head, *frame, *answer]
        labels += [*[IGNORE] * (len(head) + len(frame)), *answer]
    grids = [grid] * turns
    positions, _ = adapter.positions(ids, grids)
    vision = adapter.model.config.vision_config
    values = vision.in_channels * vision.temporal_patch_size * vision.patch_size**2
    pixels = generator.standard_normal((turns * grid[1] * grid[2], values), dtype=np.float32)
    return Sample(Tokens(torch.tensor(ids), torch.tensor(labels), positions), torch.from_numpy(pixels), grids)


def words(generator: np.random.Generator, count: int) -> list[int]:
    """Random ordinary tokens (the tiny tokenizer's bytes)."""
    found: list[int] = generator.integers(0, 256, count).tolist()
    return found


def load_of(samples: Sequence[Sample]) -> Load:
    """What the FLOPs of a step follow from."""
    return Load(
        tokens=sum(sample.length for sample in samples),
        squares=float(sum(sample.length**2 for sample in samples)),
        visual=sum(len(sample.pixels) // 4 for sample in samples),  # 2 x 2 patches are merged
        patches=sum(len(sample.pixels) for sample in samples),
        supervised=sum(int((sample.tokens.labels[1:] != IGNORE).sum()) for sample in samples),
    )
