"""Head and loss, forward and backward: selected rows through the chunked loss against full logits.

    python benchmarks/loss.py [--tokens 4096] [--vocabulary 38000] [--hidden 512] [--repeats 3] [--json]

Naive: `hidden @ weight.T` for all tokens, then `state_aware_loss` on logits and labels, plain autograd.
Fused: the supervised hidden states first, then `fused_rows`. Two amounts of supervision: 2 % (streams: three
tokens of 151 a turn) and 100 % (where nothing can be left out and only memory is to be won). 38,000 x 512 is
a quarter of Qwen2.5-VL-3B's head (151,936 x 2,048) in both.

Time: processor seconds of one thread, the two ways taking turns, medians. Memory: each way in a process of
its own, highest resident memory (VmHWM) after one forward and backward less that before it; inputs, the
library's buffers and the code are in neither, both gradients are in both. Quote the ratios, not the seconds.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from components.core.process import fix_environment, kill_group, start_group

fix_environment()

import torch
from torch import Tensor

from components.train.fused import fused_rows
from components.train.loss import IGNORE, state_aware_loss

STATES = (7, 8, 9)
WAYS = ("naive", "fused")
SHARES = (0.02, 1.0)
CHUNK_ROWS = 256


@dataclass(frozen=True)
class Size:
    """Tokens of the row, of the vocabulary, width, and the share of tokens that are supervised."""

    tokens: int
    vocabulary: int
    hidden: int
    share: float


def inputs(size: Size) -> tuple[Tensor, Tensor, Tensor]:
    """Hidden states (1, T, D), the head's matrix (V, D), labels (1, T) with states 12 : 3 : 2 and text."""
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(1, size.tokens, size.hidden, generator=generator)
    weight = torch.randn(size.vocabulary, size.hidden, generator=generator)
    weight.mul_(size.hidden**-0.5)  # in place: a copy here would hide as much of what is measured
    labels = torch.full((1, size.tokens), IGNORE)
    count = max(1, round(size.share * (size.tokens - 1)))
    places = 1 + torch.randperm(size.tokens - 1, generator=generator)[:count]
    text = torch.randint(10, size.vocabulary, (count,), generator=generator)
    states = torch.tensor([7] * 12 + [8] * 3 + [9] * 2)[torch.randint(17, (count,), generator=generator)]
    labels[0, places] = torch.where(torch.rand(count, generator=generator) < 1 / 3, states, text)
    return hidden.requires_grad_(), weight.requires_grad_(), labels


def forward_backward(way: str, hidden_1TD: Tensor, weight_VD: Tensor, labels_1T: Tensor) -> float:
    """One forward and backward of `way` from no gradients; returns the loss."""
    hidden_1TD.grad = weight_VD.grad = None
    if way == "naive":
        loss = state_aware_loss(hidden_1TD @ weight_VD.T, labels_1T, STATES)
    else:
        keep_T = labels_1T[0, 1:] != IGNORE
        rows_MD, targets_M = hidden_1TD[0, :-1][keep_T], labels_1T[0, 1:][keep_T]
        loss, _ = fused_rows(rows_MD, weight_VD, targets_M, STATES, chunk_rows=CHUNK_ROWS)
    torch.autograd.backward(loss)
    return loss.item()


def resident_peak() -> int:
    """Highest resident memory of this process in bytes (`ru_maxrss` would begin with that of its parent)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status has no VmHWM: peak memory can only be measured on Linux")


def peak_here(way: str, size: Size) -> int:
    """Bytes by which one forward and backward raise this process's peak."""
    forward_backward(way, *inputs(Size(8, 64, size.hidden, 1.0)))  # kernels loaded, buffers made
    tensors = inputs(size)
    before = resident_peak()
    forward_backward(way, *tensors)
    return resident_peak() - before


def peak_in_child(way: str, size: Size) -> int:
    """`peak_here` in a fresh process."""
    argv = [sys.executable, __file__, "--peak", way, *(f"--{k}={v}" for k, v in asdict(size).items())]
    child = start_group(argv, stdout=subprocess.PIPE)
    try:
        said, _ = child.communicate()
    finally:
        kill_group(child)
    if child.returncode:
        raise SystemExit(f"measuring the memory of {way} failed with exit code {child.returncode}")
    return int(said)


def seconds(size: Size, repeats: int) -> dict[str, float]:
    """Median processor seconds of both ways, taking turns."""
    tensors, spent = inputs(size), {way: list[float]() for way in WAYS}
    losses = {way: forward_backward(way, *tensors) for way in WAYS}
    if abs(losses["naive"] - losses["fused"]) > 1e-5 * losses["naive"]:
        raise SystemExit(f"the two ways differ: {losses}")
    for _ in range(repeats):
        for way in WAYS:
            begun = time.process_time()
            forward_backward(way, *tensors)
            spent[way].append(time.process_time() - begun)
    return {way: statistics.median(times) for way, times in spent.items()}


def measure(size: Size, repeats: int) -> dict[str, float]:
    """Seconds, peak bytes and the ratios naive / fused."""
    took = seconds(size, repeats)
    peak = {way: peak_in_child(way, size) for way in WAYS}
    figures = {f"{way}_seconds": took[way] for way in WAYS} | {f"{way}_bytes": peak[way] for way in WAYS}
    ratios = {"time_ratio": took["naive"] / took["fused"], "memory_ratio": peak["naive"] / peak["fused"]}
    return {"share": size.share, **figures, **ratios}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tokens", type=int, default=4096)
    parser.add_argument("--vocabulary", type=int, default=38000)
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--peak", choices=WAYS, help=argparse.SUPPRESS)  # the child that measures memory
    parser.add_argument("--share", type=float, help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.peak:
        print(peak_here(args.peak, Size(args.tokens, args.vocabulary, args.hidden, args.share)))
        return
    for share in SHARES:
        figures = measure(Size(args.tokens, args.vocabulary, args.hidden, share), args.repeats)
        if args.json:
            print(json.dumps(figures), flush=True)
            continue
        print(f"{args.tokens} tokens x {args.vocabulary} vocabulary x {args.hidden}, {share:.0%} supervised")
        for way in WAYS:
            print(f"  {way}: {figures[f'{way}_seconds']:8.3f} s  {figures[f'{way}_bytes'] / 2**20:8.1f} MiB")
        print(f"  naive / fused: time {figures['time_ratio']:.1f}, memory {figures['memory_ratio']:.1f}")


if __name__ == "__main__":
    main()
