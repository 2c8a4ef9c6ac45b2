"""One training run as a function: base model and dataset in, a model folder out."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from components.core.files import write_json
from components.model.adapter import Adapter, load
from components.model.freeze import freeze
from components.model.states import add_states
from components.model.timing import HEAD_FILE, save_module
from components.protocol.states import LABELS
from components.train.checkpoint import barrier, from_first, needs_universal, refuse_other_stage
from components.train.checkpoint import load as load_checkpoint
from components.train.checkpoint import save as save_checkpoint
from components.train.curves import Curves
from components.train.data import Data, open_data, slice_packs
from components.train.engine import join, start_engine, world
from components.train.head import HeadedLoss, best_threshold, head_shares
from components.train.heartbeat import Heart
from components.train.journal import Journal
from components.train.loader import LoaderState
from components.train.loop import CHECK, Hooks, run_steps
from components.train.methods import EOS, EXTERNAL, HEAD, loss_of, loss_options
from components.train.module import StreamLoss
from components.train.recipe import RUNTIME, Recipe
from components.train.shelf import Saved, Shelf
from components.train.watchdog import guard

STREAM_FILE = "streamo.json"
THRESHOLD_SAMPLES = 128  # of the train split, evenly spaced, that a head's threshold is chosen on


def train(
    out_dir: Path,
    *,
    base: Path,
    dataset: Path,
    media: Path,
    recipe: Recipe,
    method: str,
    seed: int,
    resume: Path | None = None,
    heart: Heart | None = None,
) -> dict[str, Any]:
    """Train `base` to stream and write the model folder, its curves and the kept steps into `out_dir`.

    Every rank calls this; the first one writes.

    Args:
        out_dir: an existing folder (the stage's scratch).
        base: model folder or reference of the base stage.
        dataset: folder of the dataset stage (`train/`, `validation/`).
        media: the media root that video ids resolve under.
        recipe: knobs.
        method: one of `components.train.methods.METHODS` but `external` (see `train_external`).
        seed: of sample order, offsets and state rows.
        resume: a private folder that outlives a kill: checkpoints go there, and the run goes on from the
            newest one in it. None: neither. The first rank's counts; all machines see it under the same path.
        heart: signs of life, where somebody watches.

    Returns:
        Counts and speed for the run record.

    """
    options = loss_options(method, recipe)  # refused before anything is read
    torch.set_num_threads(threads())
    join()
    resume = from_first(resume)
    shelf = Shelf(resume or out_dir, recipe.keep_checkpoints, versions())
    saved = newest(shelf, recipe) if resume else None
    heart = heart or own_heart(resume, recipe)
    heart.beat(0, 0, "opening the model and the data", patient=True)  # imports are over: see `Watchdog`
    adapter = open_adapter(base, recipe, seed)
    data = open_data(adapter, dataset, media, recipe, method)
    universal = saved is not None and needs_universal(saved, world()[1])
    module = (HeadedLoss if method == HEAD else StreamLoss)(adapter, options)
    engine = start_engine(module, recipe, universal=universal)
    loader = LoaderState(seed, recipe.batch, len(data.train))
    journal = Journal(Curves([sample.task for sample in data.train]), loader)
    if saved is not None:
        journal.restore(load_checkpoint(shelf, engine, saved), data.train, world()[0])
        tell(f"goes on after step {saved.step} of {recipe.steps}")
    adapter.model.train()
    models = shelf.models if resume else out_dir

    def keep(step: int) -> None:
        policy = policy_of(module, method, data, recipe)
        save(engine, adapter, models / f"step-{step}", describe(adapter, recipe, method, seed, step, policy))

    def checkpoint(step: int) -> None:
        save_checkpoint(shelf, engine, journal.state(), step)

    speed = run_steps(engine, adapter, data, recipe, seed, journal, heart, Hooks(keep, checkpoint))
    heart.beat(recipe.steps, CHECK + 3, "writing the product", patient=True)
    policy = policy_of(module, method, data, recipe)
    save(engine, adapter, out_dir, describe(adapter, recipe, method, seed, recipe.steps, policy))
    if world()[0] == 0:
        journal.write(out_dir)
        if resume and models.is_dir():
            shutil.copytree(models, out_dir, dirs_exist_ok=True)
    counts = {"samples": len(data.train), "validation_samples": len(data.validation), "steps": recipe.steps}
    return {**counts, "speed": speed.summary(device_name())}


def train_job(job: Mapping[str, Any], heart: Heart | None = None) -> dict[str, Any]:
    """`train` with its arguments as JSON: what the processes of one job hand to each other."""
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in job["recipe"].items()
    }
    out_dir, recipe = Path(job["out_dir"]), Recipe(**values)
    where = {name: Path(job[name]) for name in ("base", "dataset", "media")}
    if job["method"] == EXTERNAL:
        from components.train.external import train_external

        return train_external(out_dir, **where, recipe=recipe, seed=job["seed"])
    return train(
        out_dir,
        **where,
        recipe=recipe,
        method=job["method"],
        seed=job["seed"],
        resume=Path(job["resume"]) if job["resume"] else None,
        heart=heart,
    )


def device_name() -> str:
    """The card's name as its driver tells it, `cpu` without one."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def open_adapter(base: Path, recipe: Recipe, seed: int) -> Adapter:
    """The base with state tokens; what the recipe freezes is frozen."""
    adapter = load(base, dtype=recipe.dtype)
    add_states(adapter.model, adapter.tokenizer, seed)
    freeze(adapter.model, recipe.freeze)
    if recipe.gradient_checkpointing:
        adapter.model.activation_checkpointing_enable({"use_reentrant": False})
    return adapter


def newest(shelf: Shelf, recipe: Recipe) -> Saved | None:
    """The checkpoint to go on from: the first rank verifies it, the others wait for its word."""
    saved = from_first(shelf.newest() if world()[0] == 0 else None)
    if saved is not None:
        refuse_other_stage(saved, recipe.zero_stage)
    return saved


def threads() -> int:
    """One without a card: fastest on small machines, and the same bytes everywhere. Beside a card the ranks
    share the machine's cores: an offloaded optimizer needs them.
    """
    if not torch.cuda.is_available():
        return 1
    return max(1, (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


def tell(text: str) -> None:
    """A line on stderr, once."""
    if world()[0] == 0:
        print(f"train: {text}", file=sys.stderr, flush=True)


def own_heart(resume: Path | None, recipe: Recipe) -> Heart:
    """Signs of life where no launcher reads them: under torchrun the ranks watch each other."""
    rank, ranks = world()
    if ranks == 1 or resume is None:
        return Heart(None, rank)
    heart = Heart(resume / "beats", rank)
    guard(resume / "beats", ranks, recipe.hang_s)
    return heart


def versions() -> dict[str, str]:
    """What wrote a checkpoint: one version's pickles are not read by another."""
    return {name: metadata.version(name).split("+")[0] for name in ("torch", "deepspeed", "transformers")}


def save(engine: Any, adapter: Adapter, out_dir: Path, description: dict[str, Any]) -> None:
    """Write the model as a Hugging Face folder plus `streamo.json`; the first rank writes."""
    with gathered(engine):
        if world()[0] == 0:
            adapter.save(out_dir)
            if isinstance(engine.module, HeadedLoss):
                save_module(engine.module.speak, out_dir / HEAD_FILE)
            write_json(out_dir / STREAM_FILE, description)
    barrier()


@contextmanager
def gathered(engine: Any) -> Iterator[None]:
    """The whole model while the block runs: ZeRO-3's slices brought together, frozen parts in place."""
    import deepspeed

    sliced = list(engine.module.parameters()) if engine.zero_optimization_stage() == 3 else []
    with deepspeed.zero.GatheredParameters(sliced), engine.aside.back():
        yield


def policy_of(module: StreamLoss, method: str, data: Data, recipe: Recipe) -> dict[str, Any]:
    """How a stream of this model decides (`components.infer.policies.from_folder`); every rank calls this.

    A head's threshold is the one with the best F1 of speaking on a slice of the train split, teacher-forced:
    neither the validation split, which chooses between models, nor any test set is looked at.
    """
    if not isinstance(module, HeadedLoss):
        return {"name": EOS if method == EOS else "states"}
    packs = slice_packs(data, recipe, split="train", count=THRESHOLD_SAMPLES)
    return {"name": HEAD, "threshold": best_threshold(*head_shares(module, packs))}


def describe(
    adapter: Adapter, recipe: Recipe, method: str, seed: int, step: int, policy: Mapping[str, Any]
) -> dict[str, Any]:
    """What a reader of the model must know beyond its Hugging Face configuration."""
    return {
        "schema": 1,
        "state_ids": dict(zip(LABELS, adapter.state_ids, strict=True)),
        "time_tag": "<{i}s-{i+1}s>",
        "fps": 1,
        "window_turns": recipe.window_turns,
        "method": method,
        "loss": loss_of(method),
        "policy": dict(policy),
        "rules": recipe.rules,
        "seed": seed,
        "step": step,
        "recipe": {key: value for key, value in asdict(recipe).items() if key not in RUNTIME},
    }
