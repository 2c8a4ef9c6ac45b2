"""A Prefect server of our own for one flow run: on loopback, files under `runs/prefect`, dead when we are.

Prefect's built-in ephemeral server is not used because it outlives a SIGKILL of the flow.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from components.core.errors import InternalError
from components.core.process import kill_group, start_group

STARTUP_S = 180.0  # the first start creates the database: 15 s on an idle machine
UVICORN = [sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app"]
QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLIENT_ENABLE_METRICS": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",  # the console says what happens
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
}


def configure(home: Path) -> None:
    """Set Prefect's environment; call before `prefect` is imported."""
    os.environ.update(QUIET)
    os.environ.setdefault("PREFECT_HOME", str(home.absolute()))


class Server:
    """A server process that was started but may not answer yet."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: Path):
        self.process, self.port, self.log = process, port, log

    @property
    def api_url(self) -> str:
        """What PREFECT_API_URL must be."""
        return f"http://127.0.0.1:{self.port}/api"

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
    log = home / "server.log"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with log.open("w", encoding="utf-8") as stream:
        process = start_group(
            [*UVICORN, "--host", "127.0.0.1", "--port", str(port), "--log-level", "error"],
            env={**os.environ, "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    server = Server(process, port, log)
    os.environ["PREFECT_API_URL"] = server.api_url
    try:
        yield server
    finally:
        os.environ.pop("PREFECT_API_URL", None)
        kill_group(process, grace_s=5.0)
