"""The base stage as functions: a tiny model from nothing, or a reference to a published one."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from components.base.frames import FrameCache, turns_by_video
from components.base.labels import CAPTION, CLIP, FRAME, Item, read_items, texts
from components.base.phases import Recipe, clip_phase, frame_phase
from components.core.files import read_json, write_json
from components.core.seeds import derive
from components.model.adapter import Adapter
from components.model.features import FeatureCache
from components.model.tiny import new_adapter
from components.protocol.tables import read_samples
from components.protocol.turns import SYSTEM_PROMPT

SUMMARY_FILE = "base.json"


def train_tiny(
    out_dir: Path,
    *,
    annotations: Path,
    shards: Sequence[object],
    dataset: Path,
    manifest: Path,
    media: Path,
    recipe: Recipe,
    seed: int,
    family: str,
) -> dict[str, Any]:
    """Train the tiny base of a family on the `base_qa` labels of the training split and save it.

    Only training videos, their labels and the texts of training dialogues are ever read. Returns the summary
    that is also written as `base.json`.
    """
    torch.set_num_threads(1)
    split: Mapping[str, str] = read_json(dataset / "split.json")
    items = read_items(annotations, shards, split)
    words = [*texts(items), *dialogue_texts(dataset)]
    adapter = new_adapter(words, derive(seed, "base weights"), family=family)
    turns = turns_by_video(manifest)
    frames = FrameCache(media, turns, budget_mb=recipe.cache_mb)
    losses = {"frame": frame_phase(adapter, items, frames, recipe, seed)}
    cache = FeatureCache(adapter, frames, budget_mb=recipe.cache_mb)
    losses["clip"] = clip_phase(adapter, items, cache, turns, recipe, seed)
    adapter.model.eval()
    adapter.save(out_dir)
    summary = summarise(adapter, items, losses)
    write_json(out_dir / SUMMARY_FILE, summary)
    return summary


def dialogue_texts(dataset: Path) -> list[str]:
    """Questions and answers of the training dialogues as they will be tokenised."""
    out = [SYSTEM_PROMPT]
    for dialogue in read_samples(sorted((dataset / "train").glob("*.parquet"))):
        for turn in dialogue.turns:
            out += [f"{question}\n" for question in turn.questions]
            out += [f" {turn.text}"] if turn.text is not None else []
    return out


def summarise(
    adapter: Adapter, items: Sequence[Item], losses: Mapping[str, Sequence[float]]
) -> dict[str, Any]:
    """Counts of labels, sizes, the loss of each step; says aloud where a phase had no label."""
    for phase, values in losses.items():
        if not values:
            print(f"base: no label for the {phase} phase: it was left out", file=sys.stderr)
    return {
        "schema": 1,
        "labels": {kind: sum(item.kind == kind for item in items) for kind in (CAPTION, FRAME, CLIP)},
        "vocabulary": len(adapter.tokenizer),
        "parameters": sum(value.numel() for value in adapter.model.parameters()),
        "losses": {phase: [round(value, 6) for value in values] for phase, values in losses.items()},
    }
