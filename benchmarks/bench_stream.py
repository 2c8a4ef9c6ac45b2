"""One turn of a stream against encoding the whole dialogue again, on the tiny model, in one run.

    python benchmarks/bench_stream.py [--turns 120] [--slots 64]

Prints for a few turns the milliseconds of both ways, their ratio, and the largest difference of their logits;
then what a turn costs when many streams go in lockstep. Times are processor seconds of one thread: quote the
ratios, not the milliseconds.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from components.core.process import fix_environment

fix_environment()

import numpy as np
import torch

from components.infer.lockstep import Lockstep
from components.infer.plans import Plan
from components.infer.session import StreamSession, StreamTurn
from components.model.adapter import Adapter, load
from components.model.tiny import build_tiny
from components.protocol.states import STATES

QUESTION = "keep telling me the jump count"
AROUND, WIDE = 2, 10  # turns on each side whose median is shown: re-encoded, incremental
MAX_NEW_TOKENS = 4


def pictures(count: int) -> list[np.ndarray]:
    """Random 56 x 56 images: 4 visual tokens each."""
    generator = np.random.default_rng(0)
    return list(generator.integers(0, 255, (count, 56, 56, 3), dtype=np.uint8))


@torch.no_grad()
def encode_again(adapter: Adapter, turns: list[StreamTurn], images: list[np.ndarray]) -> torch.Tensor:
    """Next-token logits (V,) at the last turn's state, from the whole dialogue and all its frames."""
    ids: list[int] = []
    previous: list[int] | None = None
    for turn in turns:
        ids += adapter.turn_ids(turn.questions, turn.turn, 0, [4], previous=previous)
        previous = [adapter.state_ids[STATES.index(turn.state)], *turn.text_ids]
    pixel_values, grids = adapter.encode_frame(images[: len(turns)])
    positions, _ = adapter.positions(ids, grids)
    hidden = adapter.hidden(torch.tensor([ids]), positions[:, None], adapter.features(pixel_values, grids))
    return adapter.logits(hidden[0, -1])


def single_stream(adapter: Adapter, turns: int, marks: list[int]) -> None:
    """Both ways at the marked turns."""
    images, watched, spent = pictures(turns), [], []
    session = StreamSession(adapter, max_new_tokens=MAX_NEW_TOKENS)
    session.ask(QUESTION)
    again: dict[int, tuple[float, float]] = {}
    for number in range(turns):
        begun = time.process_time()
        watched.append(session.push([images[number]]))
        spent.append(1000 * (time.process_time() - begun) / watched[-1].forwards)
        if any(abs(number + 1 - mark) <= AROUND for mark in marks):
            begun = time.process_time()
            logits = encode_again(adapter, watched, images)
            off = float((logits - watched[-1].logits).abs().max())
            again[number + 1] = 1000 * (time.process_time() - begun), off
    print(" turn  tokens  incremental ms  re-encode ms  ratio  logits differ by")
    for mark in marks:
        near = [turn for turn in again if abs(turn - mark) <= AROUND]
        one = statistics.median(spent[max(0, mark - WIDE) : mark + WIDE])
        whole = statistics.median(again[turn][0] for turn in near)
        off = max(again[turn][1] for turn in near)
        tokens = len(session.fed) * mark // turns
        print(f"{mark:5d} {tokens:7d} {one:15.2f} {whole:13.2f} {whole / one:6.1f} {off:17.1e}")


class Noise:
    """The same random frames for every video."""

    def __init__(self, adapter: Adapter, turns: int):
        pixel_values, self.grids = adapter.encode_frame(pictures(turns))
        self.features = adapter.features(pixel_values, self.grids).split(4)

    def rows(self, video: str, turn: int, until_s: float) -> tuple[torch.Tensor, list[tuple[int, int, int]]]:
        """Rows and grid of one turn."""
        return self.features[turn], [self.grids[turn]]


def many_streams(adapter: Adapter, slots: int, turns: int = 22) -> None:
    """Cost of a turn for one stream at a time and for `slots` at a time."""
    plans = [Plan(f"v{number}", ((0, QUESTION),), turns, float(turns)) for number in range(slots)]
    frames = Noise(adapter, turns)
    cost = {}
    for size in (1, slots):
        engine = Lockstep(adapter, frames, slots=size, max_new_tokens=MAX_NEW_TOKENS)
        begun = time.process_time()
        engine.watch(plans[: max(size, 4)], share=False)
        cost[size] = 1000 * (time.process_time() - begun) / engine.spent.turns
        print(f"{size:5d} streams at once: {cost[size]:.2f} ms a turn ({engine.spent.turns} turns)")
    print(f"lockstep of {slots}: {cost[1] / cost[slots]:.1f} times cheaper a turn")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=122, help="length of the single stream, at least 32")
    parser.add_argument("--slots", type=int, default=64, help="streams at once")
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        adapter = load(build_tiny(Path(folder), [QUESTION, "jump 3"], seed=0))
    marks = [mark for mark in (30, 120, 300, 1000) if mark + AROUND <= args.turns]
    single_stream(adapter, args.turns, marks)
    many_streams(adapter, args.slots)


if __name__ == "__main__":
    main()
