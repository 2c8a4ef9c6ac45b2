"""A Prefect server with a login, and the work pools and deployments that `streamo deploy` makes on it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from components.core.process import kill_group
from flows.pools import Pool
from flows.server import CLIENT_AUTH, LOOPBACK, SERVER_AUTH, TELEMETRY_OFF, Server, start_server
from flows.work_pools import RUN_STAGE, stage_deployment

ROOT = Path(__file__).resolve().parents[2]
LOGIN = "tester:not-a-secret"


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

    def deploy(self, pool: Pool) -> None:
        """The work pool and its `run-stage`: what `streamo deploy` makes of it."""
        entry = stage_deployment(pool)
        flow = self.post("flows/", {"name": RUN_STAGE})
        self.post("work_pools/", {"name": pool.name, "type": pool.kind, "concurrency_limit": pool.at_once})
        deployment = {
            "name": entry["name"],
            "flow_id": flow["id"],
            "entrypoint": entry["entrypoint"],
            "pull_steps": yaml.safe_load((ROOT / "prefect.yaml").read_text())["pull"],
            "work_pool_name": pool.name,
        }
        self.post("deployments/", deployment)

    def runs(self, name: str) -> list[dict[str, Any]]:
        """Flow runs of that name, latest first."""
        chosen = {"flow_runs": {"name": {"any_": [name]}}, "sort": "START_TIME_DESC"}
        runs: list[dict[str, Any]] = self.post("flow_runs/filter", chosen)
        return runs

    def live_workers(self, pool: Pool) -> int:
        """How many workers of the pool give signs of life."""
        found = self.post(f"work_pools/{pool.name}/workers/filter", {})
        return sum(worker["status"] == "ONLINE" for worker in found)


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
