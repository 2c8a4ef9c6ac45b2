"""The two phases of the tiny base: frames with the vision tower trained, then frames and clips without."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from components.base.frames import FrameCache
from components.base.labels import CAPTION, CLIP, FRAME, SLOTS, Asked, Item
from components.base.optim import fit
from components.base.sequences import clip_sequence, frame_sequence
from components.core.seeds import rng
from components.model.adapter import Adapter
from components.model.encode import Tokens
from components.model.features import FeatureCache
from components.model.freeze import freeze
from components.model.pack import Pack, pack, supervised_rows
from components.model.positions import Grid

MAX_OFFSET = 400  # frames and clips start anywhere up to here, in seconds
Pair = tuple[Tokens, Tensor]


@dataclass(frozen=True)
class Recipe:
    """Section `base` of params.yaml: steps, batch sizes and learning rates of both phases."""

    frame_steps: int
    frame_batch: int
    frame_lr: float
    clip_steps: int
    clip_frames: int
    clip_clips: int
    clip_lr: float
    cache_mb: float


def frame_phase(
    adapter: Adapter, items: Sequence[Item], frames: FrameCache, recipe: Recipe, seed: int
) -> list[float]:
    """Phase (a): captions of single frames, slots in a new order each time; returns the loss of each step."""
    captions = [item for item in items if item.kind == CAPTION]
    if not captions:
        return []
    adapter.model.requires_grad_(True).train()

    def loss(step: int) -> Tensor:
        generator = rng(seed, "base frames", step)
        chosen = [captions[i] for i in generator.integers(len(captions), size=recipe.frame_batch)]
        pixels, grids = adapter.encode_frame([frames.get(c.video_id)[c.asked[0].turn] for c in chosen])
        split = torch.split(adapter.tower(pixels, grids), adapter.n_visual(grids))
        tokens = [
            _framed(adapter, shuffle_slots(item.asked[0], generator), grid, generator)
            for item, grid in zip(chosen, grids, strict=True)
        ]
        return answer_loss(adapter, [pack(list(zip(tokens, split, strict=True)))])

    values = adapter.model.parameters()
    return list(fit("base: frames", values, loss, steps=recipe.frame_steps, lr=recipe.frame_lr))


def clip_phase(
    adapter: Adapter,
    items: Sequence[Item],
    cache: FeatureCache,
    turns: dict[str, int],
    recipe: Recipe,
    seed: int,
) -> list[float]:
    """Phase (b): questions on single frames and whole clips, the vision tower frozen; returns the losses."""
    frames, clips = by_frame(items), [item for item in items if item.kind == CLIP]
    if not frames and not clips:
        return []
    freeze(adapter.model)
    adapter.model.train()

    def loss(step: int) -> Tensor:
        generator = rng(seed, "base clips", step)
        packs = []
        if frames:
            chosen = [frames[i] for i in generator.integers(len(frames), size=recipe.clip_frames)]
            pairs = [
                pair for group in chosen for pair in _frame_pairs(adapter, group, cache, turns, generator)
            ]
            packs.append(pack(pairs))
        if clips:
            drawn = [clips[i] for i in generator.integers(len(clips), size=recipe.clip_clips)]
            packs.append(pack([_clip_pair(adapter, item, cache, turns, generator) for item in drawn]))
        return answer_loss(adapter, packs)

    values = adapter.model.parameters()
    return list(fit("base: clips", values, loss, steps=recipe.clip_steps, lr=recipe.clip_lr))


def answer_loss(adapter: Adapter, packs: Sequence[Pack]) -> Tensor:
    """Mean cross-entropy over the answer tokens of all packs."""
    rows = [supervised_rows(adapter, pack) for pack in packs]
    sums = [cross_entropy(logits_MV.float(), targets_M, reduction="sum") for logits_MV, targets_M in rows]
    return torch.stack(sums).sum() / sum(targets_M.numel() for _, targets_M in rows)


def by_frame(items: Sequence[Item]) -> list[tuple[Item, ...]]:
    """Frame questions grouped by the frame they ask about, in order of first appearance."""
    groups: dict[tuple[str, int], list[Item]] = {}
    for item in items:
        if item.kind == FRAME:
            groups.setdefault((item.video_id, item.asked[0].turn), []).append(item)
    return [tuple(group) for group in groups.values()]


def shuffle_slots(asked: Asked, generator: np.random.Generator) -> Asked:
    """A caption with its slots in a new order, so that no slot hides behind the one before it."""
    slots = asked.answer.split(SLOTS)
    order = generator.permutation(len(slots))
    return Asked(asked.turn, asked.question, SLOTS.join(slots[int(i)] for i in order))


def _framed(adapter: Adapter, asked: Asked, grid: Grid, generator: np.random.Generator) -> Tokens:
    """A single-frame sequence, question before or after the frame, its clock starting anywhere."""
    before, offset = bool(generator.random() < 0.5), int(generator.integers(MAX_OFFSET + 1))
    return frame_sequence(adapter, asked, grid, before=before, offset=offset)


def _frame_pairs(
    adapter: Adapter,
    group: Sequence[Item],
    cache: FeatureCache,
    turns: dict[str, int],
    generator: np.random.Generator,
) -> list[Pair]:
    """Every question about one frame, each in its own sequence."""
    asked = [item.asked[0] for item in group]
    seen = cache.get(group[0].video_id, turns[group[0].video_id])
    turn = asked[0].turn
    grid, rows = seen.grids[turn][0], seen.rows[turn]
    return [(_framed(adapter, entry, grid, generator), rows) for entry in asked]


def _clip_pair(
    adapter: Adapter, item: Item, cache: FeatureCache, turns: dict[str, int], generator: np.random.Generator
) -> Pair:
    seen = cache.get(item.video_id, turns[item.video_id])
    offset, after = int(generator.integers(MAX_OFFSET + 1)), bool(generator.random() < 0.5)
    grids = [shown[0] for shown in seen.grids]
    tokens = clip_sequence(adapter, item.asked, grids, offset=offset, last_after=after)
    return tokens, torch.cat(seen.rows)
