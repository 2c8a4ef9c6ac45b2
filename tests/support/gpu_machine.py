"""Two machines on one: a checkout that asks, a clone with a worker and its cache, a Prefect server between.

Data goes only through a DVC remote (a folder), code only through git.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import yaml

from components.core.files import write_json
from components.core.process import kill_group
from flows.server import CLIENT_AUTH, LOOPBACK, SERVER_AUTH, TELEMETRY_OFF, Server, start_server
from tests.support.processes import wait_until
from tests.support.toy_dag import ROOT, Toy

LOGIN = "tester:not-a-secret"
LOST_AFTER_S = 15  # three signs of life; a busy machine must not lose a live one
PATIENCE_S = 120.0  # for a process to start or end on a busy machine
OFFLOAD = [sys.executable, "-m", "components.lineage.offload"]
IDENTITY = ["-c", "user.email=a@example.org", "-c", "user.name=a"]


@dataclass(frozen=True)
class Prefect:
    """A running server with a login."""

    server: Server
    home: Path

    @property
    def env(self) -> dict[str, str]:
        """What flows, workers and clients need to reach it, and no other settings of Prefect."""
        return {
            **TELEMETRY_OFF,
            "PREFECT_API_URL": self.server.api_url,
            CLIENT_AUTH: LOGIN,
            "PREFECT_HOME": str(self.home),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
        }

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """One request of Prefect's API."""
        login = (LOGIN.partition(":")[0], LOGIN.partition(":")[2])
        answer = httpx.post(
            f"{self.server.api_url}/{path}", json=body, auth=login, timeout=60, trust_env=False
        )
        assert answer.is_success, answer.text
        return answer.json()

    def deploy_gpu(self, *, at_once: int = 1) -> None:
        """The work pool `gpu` and the deployment of prefect.yaml for it, as `streamo deploy` makes them."""
        prefect_yaml = yaml.safe_load((ROOT / "prefect.yaml").read_text())
        entry = next(e for e in prefect_yaml["deployments"] if e["work_pool"]["name"] == "gpu")
        flow = self.post("flows/", {"name": "run-stage"})
        self.post("work_pools/", {"name": "gpu", "type": "process", "concurrency_limit": at_once})
        deployment = {
            "name": entry["name"],
            "flow_id": flow["id"],
            "entrypoint": entry["entrypoint"],
            "pull_steps": prefect_yaml["pull"],
            "work_pool_name": "gpu",
        }
        self.post("deployments/", deployment)

    def runs(self, name: str) -> list[dict[str, Any]]:
        """Flow runs of that name, latest first."""
        chosen = {"flow_runs": {"name": {"any_": [name]}}, "sort": "START_TIME_DESC"}
        runs: list[dict[str, Any]] = self.post("flow_runs/filter", chosen)
        return runs


@contextmanager
def prefect_server(home: Path) -> Iterator[Prefect]:
    """A Prefect server on a free port of loopback, with login and scheduler, files under `home`."""
    home.mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = int(probe.getsockname()[1])
    extra = {**TELEMETRY_OFF, SERVER_AUTH: LOGIN, "PREFECT_HOME": str(home)}
    server = start_server(home / "server.log", LOOPBACK, port, extra)
    try:
        server.wait()
        yield Prefect(server, home)
    finally:
        kill_group(server.process, grace_s=5.0)


@dataclass(frozen=True)
class Machines:
    """`here` asks, `there` has the GPU. They share the DVC remote `hub`; `there` can fetch from `here`."""

    here: Toy
    there: Toy
    hub: Path

    def commit_here(self, why: str) -> str:
        """Commit everything tracked; the new commit."""
        self.here.run("git", *IDENTITY, "commit", "-qam", why)
        return self.here.run("git", "rev-parse", "HEAD").stdout.strip()

    def pack(self, address: str) -> Path:
        """A job of this machine, as a file."""
        job = self.here.root.parent / "job.json"
        self.here.run(*OFFLOAD, "pack", str(job), "--address", address)
        return job

    def accept(self, job: Path, answer: Any) -> subprocess.CompletedProcess[str]:
        """Have this machine take an answer; it may refuse."""
        path = job.with_name("answer.json")
        write_json(path, answer)
        return self.here.run(*OFFLOAD, "accept", str(job), "--answer", str(path), check=False)


def make_machines(
    toy: Toy, folder: Path, *, stage: str = "train", after: str = "dataset", again: int = 0
) -> Machines:
    """Two checkouts of a toy repository, in which everything up to `after` has run at the first.

    Args:
        toy: a toy repository that may be changed; nothing has run in it.
        folder: where the other checkout and the remote come to lie.
        stage: what pool `gpu` is for.
        after: the last stage that runs here beforehand.
        again: how often a lost job is asked for again.

    """
    (toy.root / "infra").mkdir()
    seconds = {"lost_after_s": LOST_AFTER_S, "start_after_s": 60}
    pool = {"type": "process", "stages": [stage], **seconds, "again": again}
    (toy.root / "infra/pools.yaml").write_text(yaml.safe_dump({"pools": {"gpu": pool}}))
    hub, there = folder / "hub", Toy(folder / "there" / "toy")
    hub.mkdir()
    (folder / "there" / "home").mkdir(parents=True)
    toy.run("dvc", "remote", "add", "-q", "--default", "hub", os.path.relpath(hub, toy.root))
    toy.run("git", "add", "-A")
    machines = Machines(toy, there, hub)
    machines.commit_here("pools and a remote")
    toy.run("git", "clone", "-q", str(toy.root), str(there.root))
    toy.run("dvc", "repro", "-q", after)
    return machines


@dataclass(frozen=True)
class Routed:
    """Two machines and the Prefect server between them."""

    machines: Machines
    prefect: Prefect

    def flow(self, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """The flow, with its pools on, run to its end."""
        here = self.machines.here
        return here.run(*here.flow("--pools", *argv), check=check, env=self.prefect.env)

    @property
    def hold(self) -> Path:
        """While this file is there, a toy stage on the other machine does not end."""
        return self.machines.there.root.parent / "hold"

    def start_flow(self) -> subprocess.Popen[bytes]:
        """The same in the background; its output goes to `flow_log`."""
        here = self.machines.here
        with self.flow_log.open("wb") as stream:
            env = {**here.env, **self.prefect.env}
            return subprocess.Popen(
                here.flow("--pools"), cwd=here.root, env=env, stdout=stream, stderr=stream
            )

    @property
    def flow_log(self) -> Path:
        """Where the flow in the background writes."""
        return self.machines.here.root.parent / "flow.log"

    @contextmanager
    def worker(self, there: Toy | None = None, *, number: int = 1) -> Iterator[psutil.Process]:
        """The `number`-th live worker of pool `gpu`: on the other machine (its stages are held) or there."""
        held = {"TOY_HOLD": str(self.hold)} if there is None else {}
        there = there or self.machines.there
        with (there.root.parent / "worker.log").open("a") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "flows.worker", "--pool", "gpu", "--name", there.root.parent.name],
                cwd=there.root,
                env={**there.env, **self.prefect.env, **held},
                stdout=stream,
                stderr=stream,
            )
        try:
            assert wait_until(lambda: self._live_workers() == number, PATIENCE_S)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)

    def _live_workers(self) -> int:
        found = self.prefect.post("work_pools/gpu/workers/filter", {})
        return sum(worker["status"] == "ONLINE" for worker in found)
