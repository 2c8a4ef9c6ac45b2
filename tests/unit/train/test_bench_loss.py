"""benchmarks/loss.py at a small size: what it prints, and that memory is won; never seconds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks/loss.py"
SMALL = ("--tokens", "1024", "--vocabulary", "16000", "--hidden", "64", "--repeats", "1")


def run(*options):
    done = subprocess.run([sys.executable, SCRIPT, *options], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_fused_loss_needs_a_fraction_of_the_memory():
    few, all_rows = (json.loads(line) for line in run(*SMALL, "--json"))
    assert (few["share"], all_rows["share"]) == (0.02, 1.0)
    assert few["naive_bytes"] > 1024 * 16000 * 4  # one tensor of full logits at least
    assert few["memory_ratio"] == pytest.approx(few["naive_bytes"] / few["fused_bytes"])
    assert few["memory_ratio"] >= 6 and all_rows["memory_ratio"] >= 3
    for figures in (few, all_rows):
        assert figures["time_ratio"] == pytest.approx(figures["naive_seconds"] / figures["fused_seconds"])
