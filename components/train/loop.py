"""The loop: draw, encode, one engine step (`components.train.step`), look at the validation slice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from components.core.progress import Progress
from components.model.adapter import Adapter
from components.model.batch import Batch, collate
from components.model.encode import encode_tokens
from components.model.features import FeatureCache
from components.protocol.turns import Dialogue
from components.train.check import check
from components.train.curves import Curves
from components.train.engine import world
from components.train.recipe import Recipe
from components.train.samples import Draw, draw_step
from components.train.step import engine_step


@dataclass(frozen=True)
class Data:
    """Samples of both splits and the features of what they show."""

    train: Sequence[Dialogue]
    validation: Sequence[Dialogue]
    cache: FeatureCache


def encode(adapter: Adapter, data: Data, samples: Sequence[Dialogue], draws: Sequence[Draw]) -> Batch:
    """One micro-batch: the drawn samples as padded tokens with their visual features."""
    items = []
    for draw in draws:
        dialogue = samples[draw.index]
        seen = data.cache.get(dialogue.video_id, len(dialogue.turns))
        tokens = encode_tokens(adapter, dialogue, seen.grids, draw.offset)
        items.append((tokens, torch.cat(seen.rows)))
    return collate(items)


def run_steps(
    engine: Any, adapter: Adapter, data: Data, recipe: Recipe, seed: int, keep: Callable[[int], None]
) -> Curves:
    """Train `recipe.steps` steps; `keep(step)` is called after each step of `recipe.checkpoints`.

    Every rank takes every ranks-th sample of a step; curves are the same on all of them.
    """
    curves, rank, ranks = Curves(), *world()
    checks = _check_batches(adapter, data, recipe)
    progress = Progress("train", recipe.steps)
    for step in range(recipe.steps):
        draws = draw_step(seed, step, recipe.batch, len(data.train), recipe.offsets)[rank::ranks]
        size = len(draws) // recipe.accumulation(ranks)
        batches = [encode(adapter, data, data.train, draws[i : i + size]) for i in range(0, len(draws), size)]
        done = engine_step(engine, batches, adapter.state_ids, step=step)
        curves.loss.append({"step": step + 1, **done.row})
        if (step + 1) % recipe.check_every == 0 or step + 1 == recipe.steps:
            curves.states.append({"step": step + 1, **check(adapter, checks)})
        if step + 1 in recipe.checkpoints:
            keep(step + 1)
        progress.step(note=f"loss {curves.loss[-1]['loss']:.4f}")
    return curves


def _check_batches(adapter: Adapter, data: Data, recipe: Recipe) -> list[Batch]:
    """Evenly spaced validation samples without offset, encoded once."""
    count = min(recipe.check_samples, len(data.validation))
    chosen = [Draw(i * len(data.validation) // max(1, count), 0) for i in range(count)]
    parts = range(0, count, recipe.micro_batch)
    return [encode(adapter, data, data.validation, chosen[i : i + recipe.micro_batch]) for i in parts]
