"""SIGKILL of the real trainer, DVC or the flow in mid-training: nobody is left, a rerun finishes."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.workspace import Workspace
from tests.support.processes import alive, roles_below, wait_until

MARKS = {
    "flow": "flows.reproduce",
    "server": "uvicorn",
    "dvc": "repro --single-item",
    "trainer": "components.train --family qwen2_5_vl --method focal",
}
FLOW = ["python", "-m", "flows.reproduce", "--targets", "train@qwen2_5_vl-focal-0"]
PATIENCE_S, GONE_S = 180.0, 10.0


@pytest.fixture
def longer(smoke: Workspace) -> Iterator[Workspace]:
    """The smoke clone with a trainer that would take an hour; afterwards as it was found."""
    params = smoke.root / "params.yaml"
    before, lock = params.read_text(), (smoke.root / "dvc.lock").read_bytes()
    assert "  steps: 6\n" in before
    params.write_text(before.replace("  steps: 6\n", "  steps: 100000\n"))
    yield smoke
    params.write_text(before)
    (smoke.root / "dvc.lock").write_bytes(lock)
    smoke.run("dvc", "checkout", "--force")
    assert smoke.run("dvc", "status", "--json").stdout.strip() == "{}"


def start_until_training(workspace: Workspace, log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as stream:
        flow = subprocess.Popen(FLOW, cwd=workspace.root, env=workspace.env, stdout=stream, stderr=stream)
    reached = wait_until(lambda: b"| train " in log.read_bytes() or flow.poll() is not None, PATIENCE_S)
    assert reached, log.read_text()
    assert flow.poll() is None, log.read_text()
    return flow


@pytest.mark.parametrize("victim", ["trainer", "dvc", "flow"])
def test_nothing_survives_and_a_rerun_finishes(longer: Workspace, tmp_path: Path, victim: str) -> None:
    lock = (longer.root / "dvc.lock").read_bytes()
    flow = start_until_training(longer, tmp_path / "flow.log")
    roles = roles_below(flow.pid, MARKS)
    assert set(roles) == set(MARKS)
    os.kill(roles[victim].pid, signal.SIGKILL)
    assert wait_until(lambda: flow.poll() is not None, PATIENCE_S)
    assert wait_until(lambda: not alive(roles.values()), GONE_S), alive(roles.values())
    assert (longer.root / "dvc.lock").read_bytes() == lock
    params = longer.root / "params.yaml"
    # Another number than the lock knows, and no run cache: else DVC would bring a product back without a run.
    params.write_text(params.read_text().replace("  steps: 100000\n", "  steps: 5\n"))
    shutil.rmtree(longer.root / ".dvc/cache/runs", ignore_errors=True)
    records = longer.run_records()
    longer.run(*FLOW)
    assert longer.run_records() == records + 1
    assert json.loads((longer.root / "models/qwen2_5_vl-focal-0/streamo.json").read_text())["step"] == 5
