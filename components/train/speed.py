"""Tokens a second and MFU of a run: for the run record, never for the product (timing is no product).

MFU is the share of the card's reachable FLOP/s that the trained part's useful operations took (the formula of
`components.train.plan.flops`, no recomputation). The frozen tower is left out: its output is cached, so how
often it ran depends on the cache.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from components.model.adapter import Adapter
from components.train.plan.flops import flops_of
from components.train.plan.gpus import GPUS
from components.train.plan.load import Load
from components.train.plan.shapes import Shapes, read_shapes

TERA = 1e12


class Speed:
    """Adds up tokens of all ranks, and this rank's time and operations."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        self.seconds = {"data": 0.0, "step": 0.0}
        self.steps, self.tokens, self.flops = 0, 0, 0.0
        self._part, self._since = "", 0.0

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Count the time of the block as `data` (drawing, encoding) or `step` (forward to update).

        A block within a block counts for itself alone: a step reads in between. A card is waited for at both
        ends, or its backward pass would count as the reading that goes on meanwhile.
        """
        outer = self._turn_to(part)
        try:
            yield
        finally:
            self._turn_to(outer)

    def _turn_to(self, part: str) -> str:
        """From now on time belongs to `part` ("": to none); returns what it belonged to so far."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        before, now = self._part, time.monotonic()
        if before:
            self.seconds[before] += now - self._since
        self._part, self._since = part, now
        return before

    def trained(self, lengths: Sequence[int], *, visual: int, supervised: int, tokens: int) -> None:
        """Count a step: sequences, visual and labelled tokens of this rank; `tokens` of all ranks."""
        self.steps += 1
        self.tokens += tokens
        squares = float(sum(length**2 for length in lengths))
        load = Load(sum(lengths), squares, visual, 0, supervised)
        self.flops += flops_of(self.shapes, load, frame_patches=0).useful

    @property
    def tokens_per_s(self) -> float:
        """Of all ranks, data and step time together; 0 before the first step."""
        whole = sum(self.seconds.values())
        return self.tokens / whole if whole else 0.0

    def summary(self, device: str) -> dict[str, Any]:
        """For the run record: times in seconds, and MFU where the card's speed is known (else None).

        Args:
            device: the card's name as its driver tells it; `cpu` without one.

        """
        reachable = reachable_tflops(device)
        rate = self.flops / self.seconds["step"] / TERA if self.seconds["step"] else 0.0
        return {
            "device": device,
            "steps": self.steps,
            "tokens": self.tokens,
            "data_s": round(self.seconds["data"], 3),
            "step_s": round(self.seconds["step"], 3),
            "tokens_per_s": round(self.tokens_per_s, 1),
            "tflops": round(rate, 4),
            "reachable_tflops": reachable,
            "mfu": None if reachable is None else round(rate / reachable, 4),
        }


def shapes_of(adapter: Adapter) -> Shapes:
    """The shapes of a loaded model, from its configuration as it would be saved."""
    return read_shapes(json.loads(adapter.model.config.to_json_string()), "the loaded model")


def reachable_tflops(device: str) -> float | None:
    """Of a driver's card name such as `NVIDIA H200`, by the table of `streamo plan`; None if not listed."""
    name = "".join(letter for letter in device.lower() if letter.isalnum())
    found = [gpu.reachable for known, gpu in GPUS.items() if known.partition("-")[0] in name]
    return found[0] if found else None
