"""The flow sends `train` to a worker in another checkout: same dvc.lock, whatever is killed on the way.

A real Prefect server with a login, a real process worker, a folder as DVC remote (support/machines.py).
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.machines import GPU, PATIENCE_S, Routed, make_machines
from tests.support.pool_server import prefect_server
from tests.support.processes import alive, roles_below, wait_until
from tests.support.toy_dag import copy_toy, make_toy

GONE_S = 10.0  # what the project promises
RUN = "train@focal-0"
MARKS = {"dvc": "repro --single-item", "trainer": "components.toy train", "rank": "time.sleep(600)"}


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routed]:
    """Two machines, of which the other one has no worker yet; all but `train` has run here."""
    folder = tmp_path_factory.mktemp("routed")
    with prefect_server(folder / "prefect") as prefect:
        prefect.deploy(GPU)
        (folder / "here").mkdir()
        yield Routed(make_machines(make_toy(folder / "here" / "toy"), folder), prefect)


def lock(routed: Routed) -> bytes:
    return (routed.machines.here.root / "dvc.lock").read_bytes()


def log(routed: Routed) -> str:
    return routed.flow_log.read_text()


def stage_there(worker: psutil.Process) -> list[psutil.Process]:
    """What runs below the worker, once the stage is under way."""
    reached = wait_until(lambda: set(roles_below(worker.pid, MARKS)) == set(MARKS), PATIENCE_S)
    assert reached
    return list(roles_below(worker.pid, MARKS).values())


def test_without_a_worker_nothing_runs_here_instead(routed: Routed) -> None:
    before = lock(routed)
    done = routed.flow(check=False)
    assert done.returncode == 1
    assert "work pool gpu has no live worker; start one there" in done.stderr
    assert ": running" not in done.stdout
    assert lock(routed) == before


def test_killed_and_cancelled_runs_leave_nothing_and_the_last_one_equals_a_local_run(routed: Routed) -> None:
    before = lock(routed)
    routed.hold.touch()
    with routed.worker() as worker:
        flow = routed.start_flow()
        processes = stage_there(worker)
        flow.kill()  # it cannot cancel anything now
        flow.wait(PATIENCE_S)
        assert len(alive(processes)) == len(MARKS), "the job goes on"

        flow = routed.start_flow()
        assert wait_until(lambda: "goes on with run" in log(routed), PATIENCE_S), log(routed)
        flow.terminate()
        assert flow.wait(PATIENCE_S) == 130
        assert wait_until(lambda: not alive(processes), PATIENCE_S), alive(processes)

        flow = routed.start_flow()
        processes = [worker, *worker.children(recursive=True), *stage_there(worker)]
        os.kill(worker.pid, signal.SIGKILL)
        assert wait_until(lambda: not alive(processes), GONE_S), alive(processes)
    assert flow.wait(PATIENCE_S) == 1
    assert f"reproduce: {RUN}: no sign of life for" in log(routed)
    assert lock(routed) == before
    assert not (routed.machines.here.root / "models").exists()

    routed.hold.unlink()
    with routed.worker():
        done = routed.flow()
    assert "8 stages: 1 ran, 7 cached" in done.stdout
    assert [run["state_name"] for run in routed.prefect.runs(RUN)].count("Completed") == 1
    compare_with_a_local_run(routed, before)
    shown_in_the_ui(routed)


def compare_with_a_local_run(routed: Routed, before: bytes) -> None:
    here = routed.machines.here
    assert here.run("dvc", "status").stdout.strip() == "Data and pipelines are up to date."
    local = copy_toy(here, here.root.parent / "local" / "toy")
    (local.root / "dvc.lock").write_bytes(before)
    local.forget_run_cache()
    local.run("dvc", "repro", "--force", "--single-item", RUN)
    assert (local.root / "dvc.lock").read_bytes() == lock(routed)
    assert not list((here.root / "runs").glob(f"{RUN}/*.json")), "the stage ran here"


def shown_in_the_ui(routed: Routed) -> None:
    """The run hangs below the flow's, with its progress and its answer; nothing is a pickle."""
    finished = next(run for run in routed.prefect.runs(RUN) if run["state_name"] == "Completed")
    assert finished["parent_task_run_id"]
    artifacts = routed.prefect.post("artifacts/filter", {})
    keys = {artifact["key"] for artifact in artifacts if artifact["flow_run_id"] == finished["id"]}
    assert keys == {"progress-train-focal-0", "answer-train-focal-0"}
    stored = [path.read_text() for path in Path(routed.prefect.home).rglob("storage/*")]
    assert all('"__exc_type__"' in text or '"json"' in text for text in stored), stored
