"""The loop: draw, encode, one engine step (`components.train.step`), look at the validation slice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from components.core.progress import Progress
from components.core.seeds import derive
from components.model.adapter import Adapter
from components.model.batch import Batch, collate
from components.model.encode import encode_tokens
from components.model.features import FeatureCache
from components.protocol.turns import Dialogue
from components.train.check import check
from components.train.engine import world
from components.train.heartbeat import Heart
from components.train.journal import Journal
from components.train.recipe import Recipe
from components.train.samples import Draw, draw_step
from components.train.step import engine_step

CHECK = 10**6  # places of a step are its packs; what comes after them sorts behind


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


@dataclass(frozen=True)
class Hooks:
    """What the loop calls: `keep(step)` writes a model of the run, `save(step)` a checkpoint to resume from."""

    keep: Callable[[int], None]
    save: Callable[[int], None]


def run_steps(
    engine: Any,
    adapter: Adapter,
    data: Data,
    recipe: Recipe,
    seed: int,
    journal: Journal,
    heart: Heart,
    hooks: Hooks,
) -> None:
    """Train the steps that `journal` has not yet, up to `recipe.steps`; curves are the same on all ranks.

    Every rank takes every ranks-th sample of a step.
    """
    curves, (rank, ranks) = journal.curves, world()
    checks = _check_batches(adapter, data, recipe)
    progress = Progress("train", recipe.steps - journal.step)
    for step in range(journal.step, recipe.steps):
        torch.manual_seed(derive(seed, "step", step, rank))
        drawn = draw_step(seed, step, recipe.batch, len(data.train), recipe.offsets)
        draws = drawn[rank::ranks]
        size = len(draws) // recipe.accumulation(ranks)
        heart.beat(step + 1, 0, "reading samples")
        batches = [encode(adapter, data, data.train, draws[i : i + size]) for i in range(0, len(draws), size)]
        done = engine_step(engine, batches, adapter.state_ids, step=step, heart=heart)
        curves.loss.append({"step": step + 1, **done.row})
        if (step + 1) % recipe.check_every == 0 or step + 1 == recipe.steps:
            heart.beat(step + 1, CHECK, "validation slice")
            curves.check(step + 1, check(adapter, checks))
        journal.done([f"{data.train[draw.index].sample_id}@{draw.offset}" for draw in drawn])
        if step + 1 in recipe.checkpoints:
            heart.beat(step + 1, CHECK + 1, "writing a model", patient=True)
            hooks.keep(step + 1)
        if recipe.save_every and (step + 1) % recipe.save_every == 0 and step + 1 < recipe.steps:
            heart.beat(step + 1, CHECK + 2, "writing a checkpoint", patient=True)
            hooks.save(step + 1)
        progress.step(note=f"loss {curves.loss[-1]['loss']:.4f}")


def _check_batches(adapter: Adapter, data: Data, recipe: Recipe) -> list[Batch]:
    """Evenly spaced validation samples without offset, encoded once."""
    count = min(recipe.check_samples, len(data.validation))
    chosen = [Draw(i * len(data.validation) // max(1, count), 0) for i in range(count)]
    parts = range(0, count, recipe.micro_batch)
    return [encode(adapter, data, data.validation, chosen[i : i + recipe.micro_batch]) for i in parts]
