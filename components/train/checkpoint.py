"""Saving and loading the state of a run through DeepSpeed; what is read was verified by `shelf` before.

Random numbers need no state: the loop seeds them from (seed, step, rank) before every step, so they are the
same after a resume, and with another number of ranks.
"""

import shutil
from argparse import Namespace
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import torch

from components.core.errors import UsageError
from components.core.files import read_json, write_json
from components.train.engine import world
from components.train.shelf import Saved, Shelf

T = TypeVar("T")
TAG = "deepspeed"
UNIVERSAL = ".universal"


def save(shelf: Shelf, engine: Any, state: Mapping[str, Any], step: int) -> None:
    """Write the checkpoint of `step` (all ranks call this); `state`: what the loop needs besides the engine.

    Weights, fp32 master weights, moments and schedule are DeepSpeed's, one file a rank for what is sharded.
    """
    rank, ranks = world()
    if rank == 0:
        folder = shelf.new(step)
        write_json(folder / "state.json", {**state, "step": step})
    barrier()
    engine.save_checkpoint(shelf.unfinished(step), tag=TAG, save_latest=False)
    barrier()
    if rank == 0:
        shelf.finish(step, ranks, engine.zero_optimization_stage())
    barrier()


def load(shelf: Shelf, engine: Any, saved: Saved) -> dict[str, Any]:
    """Put a verified checkpoint into a fresh engine and return the loop's state.

    An engine on another number of ranks must have been started with `universal=True`.
    """
    ranks = world()[1]
    source = saved.folder
    if needs_universal(saved, ranks):
        source = shelf.root / UNIVERSAL
        if world()[0] == 0:
            to_universal(saved.folder / TAG, source / TAG)
        barrier()
    engine.load_checkpoint(source, tag=TAG)
    barrier()
    if world()[0] == 0:
        shutil.rmtree(shelf.root / UNIVERSAL, ignore_errors=True)
    state: dict[str, Any] = read_json(saved.folder / "state.json")
    return state


def needs_universal(saved: Saved, ranks: int) -> bool:
    """Whether the optimizer's shards must be cut anew: another number of ranks, at a stage that shards."""
    return saved.ranks != ranks and saved.zero_stage > 0


def to_universal(folder: Path, out: Path) -> None:
    """DeepSpeed's universal form of its checkpoint: one folder a parameter, whatever the number of ranks."""
    from deepspeed.checkpoint.ds_to_universal import main

    options = Namespace(
        input_folder=str(folder),
        output_folder=str(out),
        num_extract_workers=1,
        num_merge_workers=1,
        keep_temp_folder=False,
        strict=True,
        inject_missing_state=True,  # a model without tensor parallelism has nothing to say there
    )
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        main(options)


def refuse_other_stage(saved: Saved, zero_stage: int) -> None:
    """UsageError for a checkpoint of another ZeRO stage: the number of ranks may change, the stage not."""
    if saved.zero_stage != zero_stage:
        raise UsageError(
            f"checkpoint of step {saved.step} was written at ZeRO stage {saved.zero_stage}, this run is at "
            f"stage {zero_stage}, which cannot read it; set train.zero_stage to {saved.zero_stage}"
        )


def from_first(value: T) -> T:
    """The first rank's `value`, on every rank; the others wait for it here."""
    box = [value]
    if world()[1] > 1:
        torch.distributed.broadcast_object_list(box)
    return box[0]


def barrier() -> None:
    """Wait for all ranks."""
    if world()[1] > 1:
        torch.distributed.barrier()
