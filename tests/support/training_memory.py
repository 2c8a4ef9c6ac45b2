"""A child process that trains a random tiny model for two steps and prints its peak of tensor memory.

`python -m tests.support.training_memory '[{"family": ..., "tokens": ..., "knobs": {...}}, ...]'` prints one
JSON object a case. Every allocation and release of the CPU allocator is an event of torch's profiler, so the
peak is their largest running sum: exact, unlike the process's resident memory, and whole, unlike a dispatch
mode, which does not see what kernels allocate inside. The profiler starts before the model is built.
DeepSpeed's reduction bucket (of a fixed size, which so small a model never fills) is known by its size and
left out: it would be four fifths of the sum.
"""

import gc
import json
import sys
from dataclasses import asdict
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from components.core import params
from components.model.attention import use_packed
from components.model.encode import IGNORE
from components.model.freeze import freeze
from components.model.pack import Pack
from components.model.tiny import new_adapter
from components.train.engine import start_engine
from components.train.fused import CHUNK_ROWS
from components.train.labels import label_counts
from components.train.module import LossOptions, StreamLoss
from components.train.plan.load import Load
from components.train.plan.memory import card_memory
from components.train.plan.settings import Settings
from components.train.plan.shapes import Shapes, read_shapes
from components.train.recipe import Recipe, read_recipe
from components.train.step import engine_step

STEPS, PACKS, SEGMENT, TURN, VISUAL, ANSWER = 2, 2, 400, 20, 4, 3  # the last three: tokens of a turn


def main(cases: list[dict[str, Any]]) -> None:
    """Measure and plan each case."""
    torch.set_num_threads(1)
    values = params.load_all()["train"]
    for case in cases:
        knobs = values | case["knobs"]
        recipe = read_recipe(lambda key, knobs=knobs: knobs[key.removeprefix("train.")])
        bucket = Settings.of(recipe, 1).bucket * (4 if recipe.dtype == "float32" else 2)
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
            shapes, packs = train(case["family"], case["tokens"], recipe)
        peak = peak_bytes(profiler, without=bucket)
        load = Load(
            tokens=case["tokens"],
            squares=0,
            visual=packs[0].features.shape[0],
            patches=0,
            supervised=int((packs[0].labels != IGNORE).sum()),
        )
        memory = card_memory(shapes, Settings.of(recipe, 1), load, CHUNK_ROWS)
        reserved = ("reduction buckets", "cached tower rows, at most")
        parts = [asdict(part) for part in memory.parts if part.name not in reserved]
        print(json.dumps({"peak": peak, "parts": parts}), flush=True)
        del shapes, packs, profiler
        gc.collect()


def train(family: str, tokens: int, recipe: Recipe) -> tuple[Shapes, list[Pack]]:
    """Build the model and train STEPS steps of PACKS packs with the real engine; nothing of it is kept."""
    adapter = new_adapter([], 0, family=family, states=True)
    adapter.model.to(getattr(torch, recipe.dtype))
    use_packed(adapter.model)
    freeze(adapter.model)
    if recipe.gradient_checkpointing:
        adapter.model.activation_checkpointing_enable({"use_reentrant": False})
    shapes = read_shapes(adapter.model.config.to_dict())
    packs = [make_pack(adapter, shapes.vision.features, tokens, seed) for seed in range(PACKS)]
    engine = start_engine(StreamLoss(adapter, LossOptions("focal", 2.0)), recipe)
    adapter.model.train()
    labels = [label_counts(pack.labels, adapter.state_ids) for pack in packs]
    for step in range(STEPS):
        engine_step(engine, packs, labels, adapter.state_ids, step=step)
    engine.destroy()
    return shapes, packs


def make_pack(adapter: Any, features: int, tokens: int, seed: int) -> Pack:
    """Random sequences of SEGMENT tokens in turns of TURN, of which VISUAL show and ANSWER are supervised."""
    generator = torch.Generator().manual_seed(seed)
    place = torch.arange(tokens) % TURN
    ids = torch.randint(5, 200, (1, tokens), generator=generator)
    ids[0, (place >= 1) & (place <= VISUAL)] = adapter.layout.image_pad
    answers = place >= TURN - ANSWER
    ids[0, answers] = torch.tensor(adapter.state_ids)[torch.randint(0, 3, (int(answers.sum()),))]
    positions = (torch.arange(tokens) % SEGMENT).expand(3, 1, tokens).contiguous()
    shown = int((ids == adapter.layout.image_pad).sum())
    rows = torch.randn(shown, features, generator=generator).to(adapter.model.dtype)
    labels = ids.masked_fill(~answers, IGNORE)
    return Pack(ids, labels, positions, rows, (SEGMENT,) * (tokens // SEGMENT))


def peak_bytes(profiler: Any, without: int) -> int:
    """Largest sum of bytes alive, leaving out allocations of exactly `without` bytes."""
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    alive = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        if abs(event.nbytes()) != without:
            alive += event.nbytes()
            peak = max(peak, alive)
    return peak


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
