"""One training run as a function: base model and dataset in, a model folder out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from components.core.files import write_json
from components.model.adapter import Adapter, load
from components.model.features import FeatureCache, FrameReader
from components.model.freeze import freeze_vision
from components.model.states import add_states
from components.protocol.states import LABELS
from components.train.engine import start_engine, world
from components.train.loop import Data, run_steps
from components.train.module import LossOptions, StreamLoss
from components.train.recipe import Recipe
from components.train.samples import read_split
from components.video.frames import frames_at, turn_times
from components.video.root import MediaRoot

STREAM_FILE = "streamo.json"


def train(
    out_dir: Path, *, base: Path, dataset: Path, media: Path, recipe: Recipe, loss: str, seed: int
) -> dict[str, int]:
    """Train `base` to stream and write the model folder, its curves and the kept steps into `out_dir`.

    Args:
        out_dir: an existing folder (the stage's scratch).
        base: model folder or reference of the base stage.
        dataset: folder of the dataset stage (`train/`, `validation/`).
        media: the media root that video ids resolve under.
        recipe: knobs.
        loss: one of `components.train.loss.KINDS`.
        seed: of sample order, offsets and state rows.

    Returns:
        Counts for the run record.

    """
    torch.set_num_threads(1)
    adapter = load(base, dtype=recipe.dtype)
    add_states(adapter.model, adapter.tokenizer, seed)
    freeze_vision(adapter.model)
    data = Data(
        read_split(dataset, "train"),
        read_split(dataset, "validation"),
        FeatureCache(adapter, frame_reader(media), budget_mb=recipe.cache_mb),
    )
    engine = start_engine(StreamLoss(adapter, LossOptions(loss, recipe.gamma)), recipe)
    adapter.model.train()

    def keep(step: int) -> None:
        save(engine, adapter, out_dir / f"step-{step}", describe(adapter, recipe, loss, seed, step))

    curves = run_steps(engine, adapter, data, recipe, seed, keep)
    save(engine, adapter, out_dir, describe(adapter, recipe, loss, seed, recipe.steps))
    if world()[0] == 0:
        curves.write(out_dir)
    return {"samples": len(data.train), "validation_samples": len(data.validation), "steps": recipe.steps}


def frame_reader(media: Path) -> FrameReader:
    """Frames of a video at its turn times, one a turn."""
    root = MediaRoot(media)

    def read(video_id: str, turns: int) -> Sequence[np.ndarray]:
        return frames_at(root.resolve(video_id), turn_times(turns))

    return read


def save(engine: Any, adapter: Adapter, out_dir: Path, description: dict[str, Any]) -> None:
    """Write the model as a Hugging Face folder plus `streamo.json`; the first rank writes."""
    with gathered(engine):
        if world()[0] == 0:
            adapter.save(out_dir)
            write_json(out_dir / STREAM_FILE, description)


@contextmanager
def gathered(engine: Any) -> Iterator[None]:
    """Under ZeRO-3 each rank holds a slice of the weights: bring them together while the block runs."""
    if engine.zero_optimization_stage() < 3:
        yield
        return
    import deepspeed

    with deepspeed.zero.GatheredParameters(list(engine.module.parameters())):
        yield


def describe(adapter: Adapter, recipe: Recipe, loss: str, seed: int, step: int) -> dict[str, Any]:
    """What a reader of the model must know beyond its Hugging Face configuration."""
    return {
        "schema": 1,
        "state_ids": dict(zip(LABELS, adapter.state_ids, strict=True)),
        "time_tag": "<{i}s-{i+1}s>",
        "fps": 1,
        "window_turns": recipe.window_turns,
        "loss": loss,
        "seed": seed,
        "step": step,
        "recipe": asdict(recipe),
    }
