"""Two machines on one: a checkout that asks, a clone with a worker and its cache, a Prefect server between.

Data goes only through a DVC remote (a folder), code only through git.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

from components.core.files import write_json
from flows.pools import FILE, Pool
from tests.support.checkout import Checkout, clone_of
from tests.support.pool_server import Prefect
from tests.support.processes import wait_until

LOST_AFTER_S = 15.0  # three signs of life; a busy machine must not lose a live one
PATIENCE_S = 120.0  # for a process to start or end on a busy machine
OFFLOAD = [sys.executable, "-m", "components.lineage.offload"]
GPU = Pool("gpu", "process", ("train",), lost_after_s=LOST_AFTER_S, start_after_s=60.0)


@dataclass(frozen=True)
class Machines:
    """`here` asks, `there` has a worker of `pool`. Between them: the DVC remote `hub`, and git."""

    here: Checkout
    there: Checkout
    hub: Path
    pool: Pool = GPU

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


def make_machines(here: Checkout, folder: Path, *, pool: Pool = GPU, after: str = "dataset") -> Machines:
    """A second checkout of a repository, in which everything up to `after` has run at the first.

    Args:
        here: a repository that may be changed; nothing has run in it.
        folder: where the other checkout and the remote come to lie.
        pool: the only one.
        after: the last stage that runs here beforehand.

    """
    (here.root / "infra").mkdir(exist_ok=True)
    entry = {"type": pool.kind, "stages": list(pool.stages), "again": pool.again, "at_once": pool.at_once}
    seconds = {"lost_after_s": pool.lost_after_s, "start_after_s": pool.start_after_s}
    (here.root / FILE).write_text(yaml.safe_dump({"pools": {pool.name: {**entry, **seconds}}}))
    hub = folder / "hub"
    hub.mkdir()
    here.run("dvc", "remote", "add", "-q", "--default", "hub", os.path.relpath(hub, here.root))
    here.run("git", "add", "-A")
    here.commit("pools and a remote")
    there = clone_of(here, folder / "there" / here.root.name)
    here.run("dvc", "repro", "-q", after)
    return Machines(here, there, hub, pool)


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

    def start_flow(self, *argv: str) -> subprocess.Popen[bytes]:
        """The same in the background; its output goes to `flow_log`."""
        here = self.machines.here
        with self.flow_log.open("wb") as stream:
            env = {**here.env, **self.prefect.env}
            return subprocess.Popen(
                here.flow("--pools", *argv), cwd=here.root, env=env, stdout=stream, stderr=stream
            )

    @property
    def flow_log(self) -> Path:
        """Where the flow in the background writes."""
        return self.machines.here.root.parent / "flow.log"

    @contextmanager
    def worker(self) -> Iterator[psutil.Process]:
        """A live worker on the other machine, the first of the pool; its toy stages can be held."""
        process = self.start_worker(self.machines.there, {"TOY_HOLD": str(self.hold)})
        try:
            assert wait_until(lambda: self.prefect.live_workers(self.machines.pool) == 1, PATIENCE_S)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)

    def start_worker(self, there: Checkout, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """A worker of the pool for the checkout `there`; `env` is added to its environment."""
        words = ["--pool", self.machines.pool.name, "--name", there.root.parent.name]
        with (there.root.parent / "worker.log").open("ab") as stream:
            return subprocess.Popen(
                [sys.executable, "-m", "flows.worker", *words],
                cwd=there.root,
                env={**there.env, **self.prefect.env, **env},
                stdout=stream,
                stderr=stream,
            )
