"""benchmarks/train_gpu.py on the tiny model on CPU: it runs end to end, both ways train the same."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from components.core.files import read_json

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def streamlike(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import streamlike

    return streamlike


def run(*options):
    script = BENCHMARKS / "train_gpu.py"
    return subprocess.run([sys.executable, script, *options], capture_output=True, text=True)


def test_smoke_on_cpu_says_so_and_both_ways_have_the_same_loss(tmp_path):
    out = tmp_path / "row.json"
    options = ("--shape", "tiny", "--device", "cpu", "--tokens", "1500", "--steps", "1", "--seed", "6")
    done = run(*options, "--loss", "ce", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "CPU smoke: says nothing about a GPU" in done.stdout and "| ours |" in done.stdout
    row = read_json(out)
    ours, plain = row["ours"], row["plain"]
    assert row["device"] == "cpu" and row["plain_out_of_memory_at"] == []
    assert ours["streams"] == plain["streams"] > 1 and 1000 < ours["tokens"] == plain["tokens"] <= 1500
    # The weights before the first step, the streams and the plain loss are the same, packed or one by one.
    assert ours["losses"][0] == pytest.approx(plain["losses"][0], rel=1e-5)
    assert ours["useful_tflop"] == plain["useful_tflop"] > 0 and ours["mfu"] is None
    for found in (ours, plain):
        assert found["tflops"] == pytest.approx(found["useful_tflop"] / found["seconds"])
        assert found["tokens_per_s"] == pytest.approx(found["tokens"] / found["seconds"])


def test_without_a_gpu_the_big_shapes_are_refused():
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    done = run("--shape", "3b")
    assert done.returncode == 1 and "--shape tiny --device cpu" in done.stderr


@pytest.mark.parametrize(("shape", "billions"), [("3b", 3.75), ("7b", 8.29)])
def test_shapes_are_the_published_ones_and_streams_fill_the_budget(streamlike, shape, billions):
    adapter = streamlike.build_adapter(shape, "meta", torch.bfloat16)
    count = sum(value.numel() for value in adapter.model.parameters())
    assert count / 1e9 == pytest.approx(billions, rel=0.01)
    if shape == "7b":
        return
    samples = streamlike.draw_samples(adapter, shape, 8192, 0)
    load = streamlike.load_of(samples)
    turns = sum(len(sample.grids) for sample in samples)
    assert 8192 - 151 - 170 < load.tokens == 151 * turns + 170 * len(samples) <= 8192
    assert (load.visual, load.patches) == (128 * turns, 512 * turns)
    assert 2 <= load.supervised / turns <= 4
