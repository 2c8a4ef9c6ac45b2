"""Who is named when ranks fall silent: by a clock of the test's own, and with real processes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from components.core.files import write_json
from components.train.heartbeat import Heart
from components.train.watchdog import Watchdog, read_says
from tests.support.processes import alive, wait_until
from tests.support.train_jobs import job_of


class Job:
    """Two ranks that say what a test has them say, and a clock."""

    def __init__(self, folder):
        self.folder, self.now = folder, 100.0
        self.says = {rank: self.word(rank) for rank in (0, 1)}
        self.dog = Watchdog(folder, 2, 30.0, clock=lambda: self.now)

    def word(self, rank):
        return {
            "rank": rank, "pid": 10 + rank, "host": "h", "ticks": 0, "beats": 0, "step": 0, "place": 0,
            "doing": "starting", "patient": True,
        }  # fmt: skip

    def pass_time(self, seconds, *ticking):
        for _ in range(int(seconds)):
            self.now += 1
            for rank in ticking:
                self.says[rank]["ticks"] += 1
                (self.folder / f"rank-{rank}.json").write_text(json.dumps(self.says[rank]))
            fault = self.dog.check()
            if fault:
                return fault
        return None

    def beat(self, rank, step, place=0, doing="pack 1 of 2", patient=False):
        says = self.says[rank]
        says.update(step=step, place=place, doing=doing, patient=patient, beats=says["beats"] + 1)


def test_a_rank_without_ticks_is_named_with_its_last_step(tmp_path):
    job = Job(tmp_path)
    job.beat(1, 7)
    assert job.pass_time(5, 0, 1) is None
    fault = job.pass_time(60, 0)
    assert fault == "rank 1 (process 11 on h): no heartbeat since step 7 (pack 1 of 2), 31 s ago"


def test_a_rank_that_never_starts_is_named(tmp_path):
    assert Job(tmp_path).pass_time(400, 0) == "rank 1: no heartbeat since its start, 301 s ago"


def test_a_rank_that_imports_from_a_slow_disk_is_not_hung(tmp_path):
    """Its ticks pause while a library is loaded: ten times the patience, until its main thread has got on."""
    job = Job(tmp_path)
    assert job.pass_time(5, 0, 1) is None and job.pass_time(290, 0) is None
    job.beat(1, 0, doing="opening the model and the data", patient=True)
    assert job.pass_time(5, 0, 1) is None
    fault = job.pass_time(60, 0)
    assert fault == (
        "rank 1 (process 11 on h): no heartbeat since step 0 (opening the model and the data), 31 s ago"
    )


def test_a_rank_beats_before_it_imports_anything_heavy(tmp_path):
    """torch is a module that never ends to load, as on a disk that does not answer."""
    (tmp_path / "torch.py").write_text("import time\ntime.sleep(3600)\n")
    env = {**os.environ, "RANK": "1", "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"}
    argv = [sys.executable, "-P", "-m", "components.train.rank", str(tmp_path)]
    with subprocess.Popen(argv, env=env) as rank:
        try:
            assert wait_until(lambda: "ticks" in read_says(tmp_path / "rank-1.json"), 60)
            first = read_says(tmp_path / "rank-1.json")
            assert first["pid"] == rank.pid and first["beats"] == 0 and first["doing"] == "starting"
            assert wait_until(lambda: read_says(tmp_path / "rank-1.json")["ticks"] > first["ticks"] + 1, 60)
            assert rank.poll() is None
        finally:
            rank.kill()


def test_a_patient_rank_may_take_its_time(tmp_path):
    job = Job(tmp_path)
    for rank in (0, 1):
        job.beat(rank, 8, doing="writing a checkpoint", patient=True)
    assert job.pass_time(5000, 0, 1) is None


def test_of_ranks_that_run_but_do_not_get_on_the_one_behind_is_named(tmp_path):
    job = Job(tmp_path)
    for step in (2, 3):
        for rank in (0, 1):
            job.beat(rank, step)
        assert job.pass_time(4, 0, 1) is None
    job.beat(0, 4, place=2, doing="pack 2 of 2")
    job.beat(1, 4, place=0, doing="reading samples")
    fault = job.pass_time(200, 0, 1)  # 30 s and ten times the longest pause of 4 s
    assert (
        fault == "rank 1 (process 11 on h): runs, but has not got on since step 4 (reading samples), 71 s ago"
    )


def test_a_heart_ticks_by_itself_and_tells_what_it_was_told(tmp_path):
    heart = Heart(tmp_path, 3, every_s=0.02)
    heart.beat(5, 1, "pack 1 of 4")
    path = tmp_path / "rank-3.json"
    assert wait_until(lambda: path.is_file() and json.loads(path.read_text())["step"] == 5, 10)
    first = json.loads(path.read_text())
    assert wait_until(lambda: json.loads(path.read_text())["ticks"] > first["ticks"] + 3, 10)
    assert first["pid"] == os.getpid() and first["doing"] == "pack 1 of 4" and not first["patient"]


RUN = """
import json, sys
from components.core.errors import exit_code
from components.train.launch import run_ranks
job = json.load(open(sys.argv[1]))
sys.exit(exit_code("train", lambda: run_ranks(job, 2, float(sys.argv[2]))))
"""


@pytest.fixture
def two_ranks(products, base, recipe, tmp_path):
    """A launcher with two real ranks that would train for hours, once both are in their steps."""
    long = replace(recipe, steps=10**6, check_every=10**6, checkpoints=(), ranks=2)
    write_json(tmp_path / "job.json", job_of(products, base, long, tmp_path / "out"))
    log, system = tmp_path / "log", tmp_path / "system"
    system.mkdir()
    with log.open("wb") as stream:
        argv = [sys.executable, "-c", RUN, str(tmp_path / "job.json"), "20"]
        env = {**os.environ, "TMPDIR": str(system)}
        launcher = subprocess.Popen(argv, stdout=stream, stderr=stream, env=env)
    try:
        ranks = {}
        assert wait_until(lambda: _found(launcher.pid, ranks) and b"train " in log.read_bytes(), 240), (
            log.read_text()
        )
        yield launcher, ranks, log
    finally:
        launcher.kill()
        launcher.wait()


def _found(pid, ranks):
    for child in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # a short-lived child ended between the two looks
            if "components.train.rank" in " ".join(child.cmdline()):
                ranks[int(child.environ()["RANK"])] = child
    return len(ranks) == 2


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (signal.SIGKILL, "rank 1 of 2 was ended by SIGKILL at step "),
        (signal.SIGSTOP, "no heartbeat since step "),
    ],
)
def test_a_lost_rank_ends_the_job_with_its_name_and_nothing_stays(two_ranks, number, says):
    launcher, ranks, log = two_ranks
    started = time.monotonic()
    os.kill(ranks[1].pid, number)
    assert wait_until(lambda: launcher.poll() is not None, 60), log.read_text()
    assert time.monotonic() - started < 60
    last = log.read_text().strip().splitlines()[-1]
    assert launcher.returncode == 3 and last.startswith("train: rank 1") and says in last, last
    assert wait_until(lambda: not any(rank.is_running() for rank in ranks.values()), 10)


def test_a_killed_launcher_leaves_nothing_outside_the_stage_s_scratch(two_ranks, tmp_path):
    launcher, ranks, _ = two_ranks
    assert len(list(tmp_path.glob(".ranks-*"))) == 1  # beside the product: the stage's next run removes it
    launcher.kill()
    assert wait_until(lambda: not alive(ranks.values()), 30)
    assert list((tmp_path / "system").iterdir()) == []


def test_a_killed_rank_that_trains_alone_leaves_nothing(tmp_path):
    code = "import os; from components.train.engine import join; join(); os.kill(os.getpid(), 9)"
    alone = {key: value for key, value in os.environ.items() if key not in ("RANK", "WORLD_SIZE")}
    env = {**alone, "TMPDIR": str(tmp_path), "DS_ACCELERATOR": "cpu"}
    ended = subprocess.run([sys.executable, "-c", code], env=env, check=False, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr[-2000:]
    assert list(tmp_path.iterdir()) == []
