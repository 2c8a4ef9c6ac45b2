"""OVO-Bench killed with SIGKILL again and again: the finished product is that of an uninterrupted run."""

import os
import signal
import subprocess
import sys
import time

from components.core.hashing import sha256_tree
from components.core.process import start_group
from components.evaluate import ovo_bench
from components.evaluate.ovo_bench.settings import Settings
from tests.support import ovo_bench_set

DEADLINE_S = 300


def lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_a_killed_run_goes_on_and_ends_alike(tmp_path):
    model = ovo_bench_set.model(tmp_path / "model")
    annotations, videos = ovo_bench_set.write_set(tmp_path)
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    ovo_bench.run(model, annotations, videos, whole, Settings(window_turns=8, max_new_tokens=3))
    journal = tmp_path / "torn.partial/journal.jsonl"
    command = [sys.executable, "-m", "components.cli", "evaluate", str(model), "--suite", "ovo-bench"]
    command += ["--annotations", str(annotations), "--videos", str(videos), "--out", str(torn)]
    command += ["--max-new-tokens", "3"]
    kept = []
    for more in (2, 6):
        child = start_group(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        begun, before = time.monotonic(), lines(journal)
        while child.poll() is None and lines(journal) < before + more:
            assert time.monotonic() - begun < DEADLINE_S, "the run makes no progress"
            time.sleep(0.005)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert not torn.exists(), "an unfinished product appeared"
        kept.append(journal.read_bytes())
    assert kept[1].startswith(kept[0][: kept[0].rfind(b"\n") + 1]), "a finished entry was done again"
    # What a kill in the middle of a write leaves: half a line.
    journal.write_bytes(kept[1] + b'{"done": {"key": "EP')
    settings = Settings(window_turns=8, max_new_tokens=3)
    told = ovo_bench.run(model, annotations, videos, torn, settings)
    assert told["cost"]["turns"] > 0
    assert sha256_tree(torn) == sha256_tree(whole)
    assert not journal.parent.exists()
