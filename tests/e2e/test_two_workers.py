"""The real stage annotate on a pool of two workers; one is killed while it asks its teacher.

The project's own dvc.yaml, pool `labels` and worker; a Prefect server with a login, a folder as DVC remote,
another as shared place for kept answers; the world's teacher behind HTTP, which counts what each asks. Stage
ground, which asks nobody, runs here meanwhile: one job less on the path of the last worker.
"""

import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest
import yaml

from components.cli.profile import apply_profile
from components.core.hashing import fingerprint, sha256_tree
from flows.pools import FILE, read_pools
from tests.e2e.workspace import clone
from tests.support.checkout import Checkout, clone_of
from tests.support.held_answers import HeldAnswers
from tests.support.machines import LOST_AFTER_S, PATIENCE_S, Machines, Routed, make_machines
from tests.support.openai_server import Server, serving
from tests.support.pool_server import prefect_server
from tests.support.processes import alive, wait_until
from tests.support.small_world import sharded_world
from tests.support.world_server import WorldModel

GONE_S = 10.0  # what the project promises
KEY, SHARE = "TEACHER_KEY", "STREAMO_SHARE"
DOOMED, OTHER, ALONE = "key-of-doomed", "key-of-other", "key-of-alone"  # by which the teacher tells who asks
ANSWERS = 3  # that the doomed worker gets
AT_ONCE = 4  # questions in flight of one worker
TASKS, SHARDS = ["event_caption", "tsqa"], [0, 1]
AWAY = [f"annotate@{task}-{shard}" for task in TASKS for shard in SHARDS]
LABELS = ["annotate", "ground"]


@pytest.fixture
def gate() -> HeldAnswers:
    return HeldAnswers(DOOMED, ANSWERS, free=ALONE)


@pytest.fixture
def machines(tmp_path: Path, gate: HeldAnswers) -> Iterator[tuple[Machines, Server]]:
    """The corpus has run here; two machines and the teacher of its clips."""
    data = tmp_path / "data"
    scenes = sharded_world(data, SHARDS, each=2)
    with serving(WorldModel(data, scenes), gate) as server:
        here = labelling(tmp_path / "here" / "streamo", data, server.url)
        (labels,) = (pool for pool in read_pools(here.root / FILE) if pool.name == "labels")
        assert set(labels.stages) == set(LABELS)
        quick = replace(labels, lost_after_s=LOST_AFTER_S, stages=("annotate",))
        yield make_machines(here, tmp_path, pool=quick, after="corpus"), server


def labelling(root: Path, data: Path, url: str) -> Checkout:
    """The project itself, where two tasks in two shards are taught by endpoints at `url`."""
    endpoint = {"url": url, "key_variable": KEY, "concurrency": AT_ONCE}
    overlay = {
        "annotate": {"teacher": "openai", "tasks": TASKS, "shards": SHARDS},
        "endpoints": dict.fromkeys(("annotator", "writer"), endpoint),
    }
    here = Checkout(clone(root).root)
    (root.parent / "home").mkdir()
    params = root / "params.yaml"
    params.write_text(apply_profile(params.read_text(), yaml.safe_dump(overlay))[0])
    (root / "dvc.lock").unlink()
    data.rename(root / "data")
    here.run("dvc", "add", "-q", "data")
    return here


@contextmanager
def in_one_process(machines: Machines) -> Iterator[tuple[Checkout, subprocess.Popen[bytes]]]:
    """The same in a copy, by DVC alone; nothing is shared with it."""
    root = machines.here.root.parents[1] / "alone" / "streamo"
    shutil.copytree(machines.here.root, root, symlinks=True)
    (root.parent / "home").mkdir()
    alone = Checkout(root)
    process = subprocess.Popen(["dvc", "repro", "-q", *LABELS], cwd=root, env={**alone.env, KEY: ALONE})
    try:
        yield alone, process
    finally:
        process.kill()
        process.wait(PATIENCE_S)


@contextmanager
def workers(routed: Routed) -> Iterator[psutil.Process]:
    """Two live workers, each in a checkout of its own; the one that is to be killed."""
    here, there = routed.machines.here, routed.machines.there
    live = partial(routed.prefect.live_workers, routed.machines.pool)
    share = here.root.parents[1] / "share"
    share.mkdir()
    second = clone_of(here, there.root.parents[1] / "second" / "streamo")
    started: list[subprocess.Popen[bytes]] = []
    try:
        # One after the other: two that come at once can lock Prefect's SQLite for a minute.
        for checkout, key in ((there, DOOMED), (second, OTHER)):
            started.append(routed.start_worker(checkout, {KEY: key, SHARE: str(share)}))
            assert wait_until(lambda: live() == len(started), PATIENCE_S)
        yield psutil.Process(started[0].pid)
    finally:
        for process in started:
            process.terminate()
            process.wait(PATIENCE_S)


def kept(machines: Machines) -> int:
    """How many answers the shared place holds."""
    return len(list((machines.here.root.parents[1] / "share").glob("answers/??/*.json")))


def asked_by(server: Server, key: str) -> Counter[str]:
    """How often this client asked each question."""
    asked = zip(server.bodies, server.headers, strict=True)
    return Counter(fingerprint(body) for body, seen in asked if seen["Authorization"] == f"Bearer {key}")


def test_a_killed_worker_costs_the_questions_in_flight_and_no_byte(
    tmp_path: Path, machines: tuple[Machines, Server], gate: HeldAnswers
) -> None:
    both, server = machines
    with prefect_server(tmp_path / "prefect") as prefect, in_one_process(both) as (alone, local):
        prefect.deploy(both.pool)
        routed = Routed(both, prefect)
        with workers(routed) as doomed:
            flow = routed.start_flow("labels", "--targets", *LABELS)
            said = routed.flow_log.read_text
            assert wait_until(lambda: gate.closed or flow.poll() is not None, 3 * PATIENCE_S), said()
            paid = {key: count for key, count in gate.passed.items() if key != ALONE}
            assert wait_until(lambda: kept(both) == sum(paid.values()), PATIENCE_S), (kept(both), paid)
            held = [doomed, *doomed.children(recursive=True)]
            os.kill(doomed.pid, signal.SIGKILL)
            assert wait_until(lambda: not alive(held), GONE_S), alive(held)
            gate.open()
            assert flow.wait(4 * PATIENCE_S) == 0, said()
        assert local.wait(PATIENCE_S) == 0
        ends = [run["state_name"] for name in AWAY for run in prefect.runs(name)]
    assert said().count("Asked for again: another worker is alive.") == 1
    assert sorted(ends) == ["Completed"] * len(AWAY) + ["Crashed"]
    assert not [path for name in AWAY for path in (both.here.root / "runs" / name).glob("*.json")]
    same_bytes(both.here, alone)
    doomed_asked, alone_asked = asked_by(server, DOOMED), asked_by(server, ALONE)
    in_flight = doomed_asked.total() - paid[DOOMED]
    assert paid[DOOMED] == ANSWERS and 0 < in_flight <= AT_ONCE
    asked = doomed_asked + asked_by(server, OTHER)
    assert set(asked) == set(alone_asked) and set(alone_asked.values()) == {1}
    assert asked.total() - len(asked) == in_flight, "only what had no answer yet is asked again"


def same_bytes(here: Checkout, alone: Checkout) -> None:
    """Products, and what dvc.lock says of them, in whatever order the stages came to their end."""
    locks = [yaml.safe_load((one.root / "dvc.lock").read_text()) for one in (here, alone)]
    assert locks[0] == locks[1]
    products = [sha256_tree(one.root / "artifacts/annotations") for one in (here, alone)]
    assert products[0] == products[1]
