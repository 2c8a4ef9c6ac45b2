"""Four shards of the labels on two workers of one pool; one worker is killed: the bytes of one process.

A real Prefect server with a login, two process workers in checkouts of their own, a folder as DVC remote.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.gpu_machine import PATIENCE_S, Routed, make_machines, prefect_server
from tests.support.processes import alive, roles_below, wait_until
from tests.support.toy_dag import Toy, copy_toy, make_toy

GONE_S = 10.0  # what the project promises
MARKS = {"dvc": "repro --single-item", "stage": "components.toy annotate", "child": "time.sleep(600)"}
SHARDS = [f"annotate@{task}-{shard}" for task in ("narration", "tsqa") for shard in (0, 1)]


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routed]:
    """Only the corpus has run; the labels go to the pool, a lost shard may be asked for once more."""
    folder = tmp_path_factory.mktemp("workers")
    with prefect_server(folder / "prefect") as prefect:
        prefect.deploy_gpu(at_once=2)
        (folder / "here").mkdir()
        toy = make_toy(folder / "here" / "toy")
        path = toy.root / "dvc.yaml"
        dag = yaml.safe_load(path.read_text())
        dag["stages"]["annotate"]["matrix"]["shard"] = [0, 1]
        path.write_text(yaml.safe_dump(dag, sort_keys=False))
        yield Routed(make_machines(toy, folder, stage="annotate", after="corpus", again=1), prefect)


def second(routed: Routed) -> Toy:
    """One more machine: a clone of its own."""
    here = routed.machines.here
    other = Toy(here.root.parents[1] / "second" / "toy")
    (other.root.parent / "home").mkdir(parents=True)
    here.run("git", "clone", "-q", str(here.root), str(other.root))
    return other


def test_a_killed_worker_costs_its_shard_and_nothing_else(routed: Routed) -> None:
    routed.hold.touch()
    with routed.worker() as doomed, routed.worker(second(routed), number=2):
        flow = routed.start_flow()
        assert wait_until(lambda: set(roles_below(doomed.pid, MARKS)) == set(MARKS), PATIENCE_S)
        held = [doomed, *doomed.children(recursive=True)]
        os.kill(doomed.pid, signal.SIGKILL)
        assert wait_until(lambda: not alive(held), GONE_S), alive(held)
        assert flow.wait(4 * PATIENCE_S) == 0, routed.flow_log.read_text()
    said = routed.flow_log.read_text()
    assert said.count("Asked for again: another worker is alive.") == 1
    ends = [run["state_name"] for name in SHARDS for run in routed.prefect.runs(name)]
    assert sorted(ends) == ["Completed"] * 4 + ["Crashed"]
    here = routed.machines.here
    assert not [path for name in SHARDS for path in Path(here.root / "runs" / name).glob("*.json")], (
        "ran here"
    )
    as_in_one_process(routed)


def as_in_one_process(routed: Routed) -> None:
    here = routed.machines.here
    local = copy_toy(here, here.root.parent / "local" / "toy")
    local.run("git", "checkout", "-q", "--", ".")
    (local.root / "dvc.lock").unlink()
    local.forget_run_cache()
    local.run("dvc", "repro", "-q", "--force")
    assert entries(local) == entries(here)


def entries(toy: Toy) -> Any:
    """What dvc.lock says, in whatever order the stages came to their end."""
    return yaml.safe_load((toy.root / "dvc.lock").read_text())
