"""The loop: draw, one engine step (`components.train.step`) pack by pack, look at the validation slice."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from components.core.progress import Progress
from components.core.seeds import derive
from components.model.adapter import Adapter
from components.train.check import check
from components.train.data import Data, check_packs
from components.train.engine import world
from components.train.feed import Feed
from components.train.head import HeadedLoss
from components.train.heartbeat import Heart
from components.train.journal import Journal
from components.train.order import plan_step
from components.train.recipe import Recipe
from components.train.speed import Speed, shapes_of
from components.train.step import engine_step
from components.train.watch import Watch

CHECK = 10**6  # places of a step are its packs; what comes after them sorts behind


@dataclass(frozen=True)
class Hooks:
    """What the loop calls: `keep(step)` writes a model of the run, `save(step)` a checkpoint of it."""

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
) -> Speed:
    """Train the steps that `journal` has not yet, up to `recipe.steps`; curves are the same on all ranks."""
    curves, (rank, ranks) = journal.curves, world()
    checks, speed = check_packs(data, recipe), Speed(shapes_of(adapter))
    progress = Progress("train", recipe.steps - journal.step, silent=rank > 0)
    speak = engine.module.speak if isinstance(engine.module, HeadedLoss) else None
    watch = Watch(curves, speed, progress, recipe.token_budget)
    for step in range(journal.step, recipe.steps):
        torch.manual_seed(derive(seed, "step", step, rank))
        heart.beat(step + 1, 0, "drawing samples")
        with speed.timed("data"):
            plan = plan_step(seed, step, data.train, data.measure, recipe, ranks)
        fed = Feed(data.encode, plan.of_rank(rank, ranks), speed)
        with speed.timed("step"):
            done = engine_step(engine, fed, fed.labels, adapter.state_ids, step=step, heart=heart)
        watch.trained(step + 1, plan, fed, done, data.train)
        if (step + 1) % recipe.check_every == 0 or step + 1 == recipe.steps:
            heart.beat(step + 1, CHECK, "validation slice")
            curves.check(step + 1, check(adapter, checks, speak))
        journal.done(plan)
        if step + 1 in recipe.checkpoints:
            heart.beat(step + 1, CHECK + 1, "writing a model", patient=True)
            hooks.keep(step + 1)
        if recipe.save_every and (step + 1) % recipe.save_every == 0 and step + 1 < recipe.steps:
            heart.beat(step + 1, CHECK + 2, "writing a checkpoint", patient=True)
            hooks.save(step + 1)
    return speed
