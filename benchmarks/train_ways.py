"""The two training steps that `train_gpu.py` compares."""

import argparse
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from streamlike import Sample, build_adapter, draw_samples
from torch import Tensor

from components.model.encode import IGNORE
from components.model.freeze import freeze
from components.model.pack import pack
from components.train.engine import start_engine
from components.train.labels import label_counts
from components.train.module import LossOptions, StreamLoss
from components.train.plan.shapes import Shapes
from components.train.recipe import Recipe
from components.train.speed import shapes_of
from components.train.step import engine_step


@dataclass(frozen=True)
class Job:
    """A way to train: `step()` is one optimizer step on all samples and gives its loss.

    tower: the frozen tower alone, where it is a part of its own: a cache of its output would save this.
    """

    step: Callable[[], float]
    samples: Sequence[Sample]
    shapes: Shapes
    tower: Callable[[], object] | None = None


def recipe_of(args: argparse.Namespace) -> Recipe:
    """One card's recipe; the values a step's speed does not depend on are the paper's."""
    gpu = args.device != "cpu"
    return Recipe(
        steps=1000, batch=512, token_budget=args.tokens, lr=1e-5, betas=(0.9, 0.98), weight_decay=0.0,
        warmup=0.05, clip=1.0, zero_stage=1, offload=args.offload, dtype="bfloat16" if gpu else "float32",
        grad_dtype="bfloat16" if gpu else "float32", gradient_checkpointing=True, freeze=("vision",),
        gamma=2.0, rules="corrected", offsets=(0,), checkpoints=(), check_every=10**9, check_samples=0,
        save_every=0, keep_checkpoints=1, ranks=1, hang_s=600.0, cache_mb=0.0, window_turns=220,
    )  # fmt: skip


def ours(args: argparse.Namespace) -> Job:
    """One optimizer step over one pack of all streams."""
    recipe = recipe_of(args)
    adapter = build_adapter(args.shape, args.device, getattr(torch, recipe.dtype))
    samples = draw_samples(adapter, args.shape, args.tokens, args.seed)
    shapes = shapes_of(adapter)
    freeze(adapter.model, recipe.freeze)
    adapter.model.gradient_checkpointing_enable({"use_reentrant": False})
    engine = start_engine(StreamLoss(adapter, LossOptions(args.loss, recipe.gamma)), recipe)
    adapter.model.train()
    pixels = torch.cat([sample.pixels for sample in samples]).to(args.device)
    grids = [grid for sample in samples for grid in sample.grids]
    counts = [sum(adapter.n_visual(sample.grids)) for sample in samples]
    done = 0

    def tower() -> tuple[Tensor, ...]:
        return torch.split(adapter.features(pixels, grids), counts)

    def step() -> float:
        nonlocal done
        done += 1
        row = pack([(sample.tokens, part) for sample, part in zip(samples, tower(), strict=True)])
        labels = [label_counts(row.labels, adapter.state_ids)]
        return engine_step(engine, [row], labels, adapter.state_ids, step=done).row["loss"]

    return Job(step, samples, shapes, tower)


def plain(args: argparse.Namespace) -> Job:
    """The same streams one by one through the library's own forward, loss and a plain optimizer."""
    adapter = build_adapter(args.shape, args.device, torch.float32)
    samples = draw_samples(adapter, args.shape, args.tokens, args.seed)
    shapes, model, image = shapes_of(adapter), adapter.model, adapter.layout.image_pad
    freeze(model, ("vision",))
    model.set_attn_implementation("sdpa")  # the library's own, in place of our segments
    model.gradient_checkpointing_enable({"use_reentrant": False})
    model.train()
    trained = [value for value in model.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-5, betas=(0.9, 0.98), weight_decay=0.0)
    rows = sum(int((sample.tokens.labels[1:] != IGNORE).sum()) for sample in samples)

    def backward(sample: Sample) -> float:
        ids = sample.tokens.input_ids[None].to(args.device)
        autocast = torch.autocast("cuda", torch.bfloat16) if args.device != "cpu" else nullcontext()
        with autocast:
            out = model(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                mm_token_type_ids=(ids == image).int(),
                pixel_values=sample.pixels.to(args.device),
                image_grid_thw=torch.tensor(sample.grids, device=args.device),
                labels=sample.tokens.labels[None].to(args.device),
                num_items_in_batch=rows,  # the mean over all streams' rows, as the library's trainer asks for
                use_cache=False,
            )
        torch.autograd.backward(out.loss)
        return float(out.loss.detach())

    def step() -> float:
        loss = sum(backward(sample) for sample in samples)
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss

    return Job(step, samples, shapes)
