"""The server and the worker of the scenario, as an operator starts them."""

import contextlib
import os
import secrets
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from components.core.errors import InternalError
from components.core.process import kill_group, start_group
from flows.server import CLIENT_AUTH, LOOPBACK, SERVER_AUTH, configure
from infra.scenario.place import Place

START_S = 240.0
QUICK = {"PREFECT_WORKER_QUERY_SECONDS": "2", "PREFECT_WORKER_PREFETCH_SECONDS": "2"}


def settings(database: str | None) -> dict[str, str]:
    """Address and login of a server to be started, a new password each time; for `Place.settings`."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = int(probe.getsockname()[1])
    login = f"operator:{secrets.token_hex(16)}"
    found = {
        "PREFECT_API_URL": f"http://{LOOPBACK}:{port}/api",
        SERVER_AUTH: login,
        CLIENT_AUTH: login,
        **QUICK,
    }
    if database:
        found["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database
    return found


@contextlib.contextmanager
def service(place: Place, name: str, ready: str, *words: str) -> Iterator[None]:
    """`python -m WORDS` in the clone, from the moment its log holds `ready` until the block ends.

    Raises:
        InternalError: it ended, or did not say so within START_S seconds.

    """
    log = place.root / f"{name}.log"
    with log.open("w", encoding="utf-8") as stream:
        process = start_group(
            [sys.executable, "-u", "-m", *words],
            env=place.environment,
            cwd=place.checkout,
            stdout=stream,
            stderr=stream,
        )
    try:
        deadline = time.monotonic() + START_S
        while ready not in log.read_text(encoding="utf-8", errors="replace"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise InternalError(f"{name} did not start:\n{tail(log)}")
            time.sleep(0.2)
        yield
    finally:
        kill_group(process, grace_s=15.0)


@contextlib.contextmanager
def running(place: Place) -> Iterator[None]:
    """The server, and a worker of the pool `local` once the deployments are there."""
    port = place.settings["PREFECT_API_URL"].rpartition(":")[2].removesuffix("/api")
    with service(place, "server", "Prefect UI:", "flows.serve", "--port", port):
        place.streamo("deploy")
        with service(place, "worker", "started!", "flows.worker", "--pool", "local"):
            yield


@contextlib.contextmanager
def client_environment(place: Place) -> Iterator[None]:
    """This process and its children speak to the scenario's server."""
    before = dict(os.environ)
    os.environ.update(place.settings)
    configure(place.checkout / "runs" / "prefect")
    # Prefect reads the environment once, when it is imported, which may have happened long ago.
    from prefect.settings import temporary_settings

    client = {"api.url": place.settings["PREFECT_API_URL"], "api.auth_string": place.settings[CLIENT_AUTH]}
    try:
        with temporary_settings(updates=client):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def tail(log: Path, lines: int = 40) -> str:
    """The end of a log file."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
