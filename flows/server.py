"""A Prefect server of our own: on loopback, files under `runs/prefect`, dead when we are.

`prefect_server` is the private one of a flow run, `flows.serve` the lasting one with login and UI. Prefect's
built-in ephemeral server is not used because it outlives a SIGKILL of the flow.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from components.core.errors import InternalError
from components.core.process import kill_group, start_group

LOOPBACK = "127.0.0.1"
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - compared with: listening there, a server answers on loopback too
STARTUP_S = 180.0  # the first start creates the database: 15 s on an idle machine
UVICORN = [sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app"]
TELEMETRY_OFF = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLIENT_ENABLE_METRICS": "false",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",  # results on disk would be pickles
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",  # seconds; flows/lost.py
}
QUIET = {
    "PREFECT_LOGGING_LEVEL": "CRITICAL",  # the console says what happens
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}
SERVER_AUTH = "PREFECT_SERVER_API_AUTH_STRING"  # what a server asks for, `user:password`
CLIENT_AUTH = "PREFECT_API_AUTH_STRING"  # what flows, workers and the command line show


def configure(home: Path, *, quiet: bool = True) -> None:
    """Set Prefect's environment; call before `prefect` is imported.

    Args:
        home: Prefect's folder (database, logs) unless PREFECT_HOME names one.
        quiet: no log lines of Prefect's own on the terminal or in the UI.

    """
    os.environ.update(TELEMETRY_OFF)
    if quiet:
        os.environ.update(QUIET)
    os.environ.setdefault("PREFECT_HOME", str(home.absolute()))
    if SERVER_AUTH in os.environ:  # one shell for both sides: no server of ours shuts its own flow out
        os.environ.setdefault(CLIENT_AUTH, os.environ[SERVER_AUTH])


class Server:
    """A server process that was started but may not answer yet."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: Path, host: str = LOOPBACK):
        self.process, self.port, self.log = process, port, log
        self.host = LOOPBACK if host in EVERYWHERE else f"[{host}]" if ":" in host else host

    @property
    def api_url(self) -> str:
        """What PREFECT_API_URL must be on this machine."""
        return f"http://{self.host}:{self.port}/api"

    def wait(self) -> None:
        """Return when the server answers; InternalError with its log's path if it does not."""
        deadline = time.monotonic() + STARTUP_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(urllib.error.URLError, OSError):
                # Straight to loopback, past any proxy of the environment.
                opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                with opener.open(f"{self.api_url}/health", timeout=5) as answer:
                    if answer.status == 200:
                        return
            time.sleep(0.1)
        raise InternalError(f"the Prefect server did not start; see {self.log}")


@contextlib.contextmanager
def prefect_server(home: Path) -> Iterator[Server | None]:
    """Start a server and point PREFECT_API_URL at it; yields None where the user has set a server already."""
    configure(home)
    if os.environ.get("PREFECT_API_URL"):
        yield None
        return
    home.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = int(probe.getsockname()[1])
    # Ephemeral: no UI, no scheduler; it starts sooner.
    private = {"PREFECT__SERVER_EPHEMERAL": "1"}
    server = start_server(home / "server.log", LOOPBACK, port, private)
    os.environ["PREFECT_API_URL"] = server.api_url
    try:
        yield server
    finally:
        os.environ.pop("PREFECT_API_URL", None)
        kill_group(server.process, grace_s=5.0)


def start_server(log: Path, host: str, port: int, extra: Mapping[str, str]) -> Server:
    """Start a server process that dies with the calling thread; `extra` is added to its environment."""
    with log.open("w", encoding="utf-8") as stream:
        process = start_group(
            [*UVICORN, "--host", host, "--port", str(port), "--log-level", "error"],
            env={**os.environ, "PREFECT__SERVER_FINAL": "1", **extra},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    return Server(process, port, log, host)
