"""Our training step against a plain transformers loop: tokens a second, MFU, peak memory, on one device.

    python benchmarks/train_gpu.py --shape 3b [--tokens 32768] [--steps 5] [--out FILE.json]
    python benchmarks/train_gpu.py --shape tiny --device cpu --tokens 4096      # a smoke test of this script

Ours: the streams packed into one row of `--tokens`, frozen tower once under no_grad, adapter, chunked focal
loss on the supervised rows, gradient checkpointing, the DeepSpeed engine (ZeRO 1, bf16 weights, fp32 master
weights and moments). Plain: `AutoModelForImageTextToText` with `labels=`, so full logits; the same streams
one at a time (no padding: the kindest case) and their gradients summed; fp32 weights under bf16 autocast,
checkpointing, AdamW: the same 16 bytes of states a parameter. Where plain runs out of memory its budget is
halved until it does not, and the table says so.

MFU = useful FLOPs of a step / seconds / the card's reachable FLOP/s. Useful (`components.train.plan.flops`,
from the configuration alone): forward and backward of LLM and connector 6 x parameters x tokens, head 6 x D x
V x supervised rows, causal attention 6 x layers x width x sum of squared stream lengths, tower forward; no
recomputation. The same count is used for both. `of_product` is the share of what a large matrix product (8192
cubed, bf16) reaches in the same process. Weights are random: speed and memory do not depend on them.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components.core.process import fix_environment, kill_group, start_group

fix_environment()

import torch
from streamlike import SHAPES, grid_of, load_of
from train_ways import ours, plain

from components.core.files import write_json
from components.train.loss import KINDS
from components.train.plan.flops import flops_of
from components.train.run import device_name
from components.train.speed import TERA, reachable_tflops

WAYS = {"ours": ours, "plain": plain}
OUT_OF_MEMORY = "out of memory"
SMALLEST = 1024  # tokens below which halving stops


def median_seconds(action: Callable[[], object], times: int, device: str) -> float:
    """Median wall time of `action`, the card waited for."""
    spent = []
    for _ in range(times):
        synchronize(device)
        begun = time.perf_counter()
        action()
        synchronize(device)
        spent.append(time.perf_counter() - begun)
    return statistics.median(spent)


def measure(way: str, args: argparse.Namespace) -> dict[str, Any]:
    """Median seconds of a step after two more, peak memory, tokens a second and MFU of one way, here."""
    job = WAYS[way](args)
    load, (_, height, width) = load_of(job.samples), grid_of(args.shape)
    useful = flops_of(job.shapes, load, frame_patches=height * width).useful
    losses = [job.step(), job.step()]
    seconds = median_seconds(lambda: losses.append(job.step()), args.steps, args.device)
    peak = peak_gib(args.device)
    tower = median_seconds(job.tower, args.steps, args.device) if job.tower else None
    rate, reachable = useful / seconds / TERA, reachable_tflops(device_name())
    return {
        "streams": len(job.samples),
        "tokens": int(load.tokens),
        "supervised": int(load.supervised),
        "useful_tflop": useful / TERA,
        "seconds": seconds,
        "tower_seconds": tower,
        "tokens_per_s": load.tokens / seconds,
        "tflops": rate,
        "mfu": None if reachable is None else rate / reachable,
        "of_product": rate / product_tflops(args.device),
        "peak_gib": peak,
        "losses": losses,
    }


def synchronize(device: str) -> None:
    """Wait for the card."""
    if device != "cpu":
        torch.cuda.synchronize()


def peak_gib(device: str) -> float:
    """Most memory of tensors so far on a card, most resident memory of this process on a CPU."""
    if device != "cpu":
        return torch.cuda.max_memory_allocated() / 2**30
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 2**20


def product_tflops(device: str) -> float:
    """TFLOP/s of a large matrix product on random data, median of ten."""
    size, dtype = (512, torch.float32) if device == "cpu" else (8192, torch.bfloat16)
    left, right = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    return 2 * size**3 / median_seconds(lambda: left @ right, 10, device) / TERA


def in_child(way: str, args: argparse.Namespace, tokens: int) -> dict[str, Any]:
    """`measure` in a process of its own; running out of the card's memory is a result."""
    options = {"shape": args.shape, "device": args.device, "steps": args.steps}
    options |= {"seed": args.seed, "loss": args.loss}
    argv = [f"--{name}={value}" for name, value in options.items()] + [f"--tokens={tokens}", f"--way={way}"]
    child = start_group(
        [sys.executable, __file__, *argv, *(["--offload"] if args.offload else [])], stdout=subprocess.PIPE
    )
    try:
        said, _ = child.communicate()
    finally:
        kill_group(child)
    if child.returncode:
        raise SystemExit(f"{way} failed with exit code {child.returncode}")
    result: dict[str, Any] = json.loads(said.splitlines()[-1])
    return result


def compare(args: argparse.Namespace) -> dict[str, Any]:
    """Both ways, each alone on the device, and their ratios where they saw the same streams."""
    found: dict[str, Any] = {"ours": in_child("ours", args, args.tokens)}
    tokens, failed = args.tokens, []
    while "plain" not in found:
        result = in_child("plain", args, tokens)
        if result.get("failed") != OUT_OF_MEMORY or tokens // 2 < SMALLEST:
            found["plain"] = result
        else:
            failed.append(tokens)
            tokens //= 2
    about = {
        "note": "CPU smoke: says nothing about a GPU" if args.device == "cpu" else "one GPU",
        "shape": args.shape,
        "device": device_name(),
        "date": datetime.now(UTC).date().isoformat(),
        "torch": torch.__version__,
        "loss": args.loss,
        "offload": args.offload,
        "plain_out_of_memory_at": failed,
    }
    return {**about, **found}


def table(result: dict[str, Any]) -> str:
    """The result as rows of a markdown table."""
    lines = [
        f"{result['note']}; {result['shape']} on {result['device']}, {result['date']}, "
        f"torch {result['torch']}",
        "",
        "| way | tokens | tokens/s | TFLOP/s | MFU | of a matrix product | peak GiB |",
        "|---|---|---|---|---|---|---|",
    ]
    for way in WAYS:
        row = result[way]
        if "failed" in row:
            lines.append(f"| {way} | {row['tokens']} | {row['failed']} | | | | |")
            continue
        mfu = "not known" if row["mfu"] is None else f"{row['mfu']:.1%}"
        lines.append(
            f"| {way} | {row['tokens']} | {row['tokens_per_s']:.0f} | {row['tflops']:.3g} | {mfu} "
            f"| {row['of_product']:.1%} | {row['peak_gib']:.2f} |"
        )
    for tokens in result["plain_out_of_memory_at"]:
        lines.append(f"plain ran out of memory at {tokens} tokens a step")
    return "\n".join(lines)


def main() -> None:
    """Measure both ways and print; a child measures one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="3b")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tokens", type=int, default=32768, help="tokens of a step")
    parser.add_argument("--steps", type=int, default=5, help="steps timed, after two that are not")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--loss", choices=KINDS, default="focal", help="of ours; plain has ce")
    parser.add_argument("--offload", action="store_true", help="keep ours' optimizer in CPU memory")
    parser.add_argument("--out", type=Path, help="write the result as JSON")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("no GPU here: run with --shape tiny --device cpu for a smoke test of this script")
    if args.way:
        torch.set_num_threads(1)
        try:
            result = measure(args.way, args)
        except torch.OutOfMemoryError:
            result = {"failed": OUT_OF_MEMORY, "tokens": args.tokens}
        print(json.dumps(result))
        return
    result = compare(args)
    if args.out:
        write_json(args.out, result)
    print(table(result))


if __name__ == "__main__":
    main()
