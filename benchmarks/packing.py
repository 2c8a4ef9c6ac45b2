"""Packs against padded batches, and how full packs are: tokens computed, processor seconds of a step.

    python benchmarks/packing.py [--repeats 5] [--json]

A step is forward and backward of the tiny language model over 8 samples, as one padded batch (causal, right
padding, the library's `sdpa`: what training did before) and as one pack. Two mixes of lengths: those of the
embedded corpus, and uneven ones (the paper's durations at 1/40 of their tokens). The two ways take turns on
one thread; medians. Quote the ratios, not the seconds.

Fill: pools of 512 samples of the embedded corpus at 4,096 tokens, steps of 8 of them, and steps of 512
samples of the paper's histogram at 32,768 tokens, windows of 200 and of 120 turns (tests/support/lengths.py).
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from components.core.process import fix_environment

fix_environment()

import torch
from torch import Tensor

from components.model.adapter import Adapter
from components.model.tiny import new_adapter
from components.train.packing import best_fit, fill
from components.train.windows import cut
from tests.support.lengths import paper_sizes, tiny_lengths


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    adapter = new_adapter(["what color is the lamp?"], 0)
    adapter.model.train()
    uneven = [max(8, sizes.total // 40) for sizes in paper_sizes(8, 0)]
    result = {
        "steps": {
            name: measure(adapter, lengths, args.repeats)
            for name, lengths in {"embedded corpus": tiny_lengths(8, 0), "uneven": uneven}.items()
        },
        "fill": fills(),
    }
    if args.json:
        print(json.dumps(result, indent=2))
        return
    for name, row in result["steps"].items():
        told = ", ".join(f"{key} {value:,.4g}" for key, value in row.items())
        print(f"{name}: {told}")
    for name, row in result["fill"].items():
        print(f"fill, {name}: mean {row['mean']:.1%}, least {row['least']:.1%}")


def measure(adapter: Adapter, lengths: Sequence[int], repeats: int) -> dict[str, float]:
    """Tokens and median seconds of both ways over sequences of random tokens of these lengths."""
    ids = [torch.randint(0, 256, (length,), generator=torch.Generator().manual_seed(0)) for length in lengths]
    ways = {"padded": lambda: padded(adapter, ids), "packed": lambda: packed(adapter, ids)}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(repeats + 1):
        for name, way in ways.items():
            spent = step(adapter, way)
            if repeat:  # the first is a warm-up
                seconds[name].append(spent)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    tokens = {"padded": max(lengths) * len(lengths), "packed": sum(lengths)}
    return {
        **{f"{name} tokens": float(tokens[name]) for name in ways},
        **{f"{name} seconds": round(medians[name], 4) for name in ways},
        "tokens ratio": round(tokens["padded"] / tokens["packed"], 3),
        "seconds ratio": round(medians["padded"] / medians["packed"], 3),
    }


def step(adapter: Adapter, way: Callable[[], Tensor]) -> float:
    """Processor seconds of one forward and backward."""
    adapter.model.zero_grad()
    begun = time.process_time()
    torch.autograd.backward(way().square().mean())
    return time.process_time() - begun


def padded(adapter: Adapter, ids: Sequence[Tensor]) -> Tensor:
    """Hidden states (tokens, D) through a right-padded batch."""
    lengths = torch.tensor([len(row) for row in ids])
    ids_BL = torch.nn.utils.rnn.pad_sequence(list(ids), batch_first=True)
    positions = torch.arange(ids_BL.shape[1]).expand(3, *ids_BL.shape)
    keep_BL = torch.arange(ids_BL.shape[1]) < lengths[:, None]
    return adapter.hidden(ids_BL, positions)[keep_BL]


def packed(adapter: Adapter, ids: Sequence[Tensor]) -> Tensor:
    """Hidden states (tokens, D) through one pack."""
    positions_T = torch.cat([torch.arange(len(row)) for row in ids])
    lengths = [len(row) for row in ids]
    return adapter.hidden(torch.cat(list(ids))[None], positions_T.expand(3, 1, -1), lengths=lengths)[0]


def fills() -> dict[str, dict[str, float]]:
    """Mean and least share of the budget that holds tokens."""
    found: dict[str, list[float]] = {
        f"embedded corpus, pools of {count} samples, 4,096": [
            fill(lengths, best_fit(lengths, 4096), 4096)
            for lengths in (tiny_lengths(count, i) for i in range(20))
        ]
        for count in (512, 8)
    }
    for width in (200, 120):
        steps = [
            [
                span.tokens
                for sizes in paper_sizes(512, i)
                for span in cut(sizes, budget=32_768, width=width)[0]
            ]
            for i in range(20)
        ]
        name = f"paper's histogram, steps of 512 samples, 32,768, windows of {width} turns"
        found[name] = [fill(lengths, best_fit(lengths, 32_768), 32_768) for lengths in steps]
    return {name: summary(values) for name, values in found.items()}


def summary(values: Sequence[float]) -> dict[str, Any]:
    """Mean and least value."""
    return {"mean": round(statistics.mean(values), 4), "least": round(min(values), 4)}


if __name__ == "__main__":
    main()
