"""OVO-Bench killed with SIGKILL again and again: the finished product is that of an uninterrupted run."""

import subprocess
import sys
import time

import pytest

from components.core.files import write_json
from components.core.hashing import sha256_tree
from components.core.process import kill_group, start_group
from components.evaluate import ovo_bench
from components.evaluate.ovo_bench.settings import Settings
from tests.support import ovo_bench_set

DEADLINE_S = 300
SETTINGS = Settings(window_turns=8, max_new_tokens=3)


def lines(journal):
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def kill_after(command, journal, more):
    """Run the command until `more` further entries are done, then SIGKILL; the journal that is left."""
    child = start_group(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    begun, before = time.monotonic(), lines(journal)
    while lines(journal) < before + more:
        if child.poll() is not None:
            pytest.fail(f"the run ended with {child.returncode} by itself: {child.stderr.read()[-500:]}")
        assert time.monotonic() - begun < DEADLINE_S, "the run makes no progress"
        time.sleep(0.005)
    kill_group(child, grace_s=0.0)
    child.stderr.close()
    return journal.read_bytes()


def test_a_killed_run_goes_on_and_ends_alike(tmp_path):
    model = ovo_bench_set.model(tmp_path / "model")
    annotations, videos = ovo_bench_set.write_set(tmp_path)
    some = [ovo_bench_set.entries()[place] for place in (0, 1, 2, 3, 12, 14, 16)]  # of all kinds
    write_json(annotations, some)
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    ovo_bench.run(model, annotations, videos, whole, SETTINGS)
    journal = tmp_path / "torn.partial/journal.jsonl"
    command = [sys.executable, "-m", "components.cli", "evaluate", str(model), "--suite", "ovo-bench"]
    command += ["--annotations", str(annotations), "--videos", str(videos), "--out", str(torn)]
    command += ["--max-new-tokens", "3"]
    first = kill_after(command, journal, 1)
    second = kill_after(command, journal, 2)
    assert not torn.exists(), "an unfinished product appeared"
    assert second.startswith(first[: first.rfind(b"\n") + 1]), "a finished entry was done again"
    # What a kill in the middle of a write leaves: half a line.
    journal.write_bytes(second[: second.rfind(b"\n") + 1] + b'{"done": {"key": "EP')
    told = ovo_bench.run(model, annotations, videos, torn, SETTINGS)
    assert told["cost"]["turns"] > 0
    assert sha256_tree(torn) == sha256_tree(whole)
    assert not journal.parent.exists()
