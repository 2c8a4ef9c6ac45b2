"""SIGKILL of the trainer, DVC or the flow in mid-stage: nothing stays alive, running again finishes."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.support.processes import alive, roles_below, wait_until
from tests.support.toy_dag import Toy

PATIENCE_S = 120.0  # for a stage to start on a busy machine
GONE_S = 10.0  # what the project promises


MARKS = {
    "flow": "flows.reproduce",
    "server": "uvicorn",
    "dvc": "repro --single-item",
    "trainer": "components.toy train",
    "rank": "time.sleep(600)",
}


def hear_interrupts() -> None:
    """In the child: a runner that was started in the background ignores SIGINT, and passes that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start_and_reach_training(toy: Toy) -> tuple[subprocess.Popen[bytes], dict[str, psutil.Process]]:
    toy.set_params(
        sleep={**dict.fromkeys(["corpus", "annotate", "dialogues", "validate", "dataset"], 0), "train": 600}
    )
    toy.run("dvc", "repro", "dataset")
    log = (toy.root.parent / "flow.log").open("wb")
    process = subprocess.Popen(
        toy.flow(), cwd=toy.root, env=toy.env, stdout=log, stderr=log, preexec_fn=hear_interrupts
    )
    reached = wait_until(
        lambda: process.poll() is None and "rank" in roles_below(process.pid, MARKS), PATIENCE_S
    )
    assert reached, (toy.root.parent / "flow.log").read_text()
    return process, roles_below(process.pid, MARKS)


@pytest.mark.parametrize("victim", ["trainer", "dvc", "flow"])
def test_nothing_survives_a_kill_and_the_next_run_finishes(toy: Toy, victim: str) -> None:
    process, roles = start_and_reach_training(toy)
    assert set(roles) == {"flow", "server", "dvc", "trainer", "rank"}
    os.kill(roles[victim].pid, signal.SIGKILL)
    assert wait_until(lambda: process.poll() is not None, GONE_S + PATIENCE_S * (victim != "flow"))
    assert wait_until(lambda: not alive(list(roles.values())), GONE_S), alive(list(roles.values()))
    assert process.returncode != 0
    assert not (toy.root / "models/focal-0").exists()
    finish(toy)


def finish(toy: Toy) -> None:
    """The same flow again, with a trainer that ends: everything is there, and only the rest was done."""
    shutil.rmtree(toy.root / ".dvc/cache/runs", ignore_errors=True)
    before = len(list((toy.root / "runs/dataset").glob("*.json")))
    toy.set_params(
        sleep=dict.fromkeys(["corpus", "annotate", "dialogues", "validate", "dataset", "train"], 0)
    )
    toy.run(*toy.flow())
    assert (toy.root / "models/focal-0/identity.json").is_file()
    assert len(list((toy.root / "runs/dataset").glob("*.json"))) == before == 1
    assert toy.run("dvc", "status").stdout.strip() == "Data and pipelines are up to date."
    assert list((toy.root / "models").iterdir()) == [toy.root / "models/focal-0"], (
        "leftovers of the killed run"
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_stop_ends_everything_with_one_line(toy: Toy, number: int) -> None:
    process, roles = start_and_reach_training(toy)
    os.kill(process.pid, number)
    assert wait_until(lambda: process.poll() is not None, PATIENCE_S)
    assert not alive(list(roles.values()))
    assert process.returncode == 130
    assert (toy.root.parent / "flow.log").read_text().rstrip().endswith("interrupted; run it again to go on")


def test_second_flow_is_refused_while_one_runs(toy: Toy) -> None:
    process, _ = start_and_reach_training(toy)
    refused = toy.run(*toy.flow(), check=False)
    assert refused.returncode == 1
    assert str(process.pid) in refused.stderr
    process.terminate()
    process.wait(PATIENCE_S)


def test_corrupt_path_lock_of_a_killed_dvc_does_not_block(toy: Toy) -> None:
    lock = toy.root / ".dvc/tmp/rwlock"
    Path(lock).write_text('{"write": {"/x": {"pi')
    done = toy.run(*toy.flow("--targets", "corpus"))
    assert "rwlock" in done.stdout
    assert (toy.root / "artifacts/corpus/identity.json").is_file()
