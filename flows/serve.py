"""`python -m flows.serve` (`make ui`): the lasting Prefect server, with login, UI and scheduler.

SQLite under `runs/prefect` unless PREFECT_SERVER_DATABASE_CONNECTION_URL names a Postgres.
"""

import argparse
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from components.core.errors import InternalError, StreamoError, UsageError
from components.core.process import kill_group
from flows.reach import is_loopback
from flows.reproduce import INTERRUPTED, interrupt
from flows.server import CLIENT_AUTH, LOOPBACK, SERVER_AUTH, Server, configure, start_server

PORT = 4200


def check_login(host: str) -> None:
    """A server starts runs, and runs are commands of this account: nobody gets in without a password.

    Raises:
        UsageError: no usable PREFECT_SERVER_API_AUTH_STRING.

    """
    user, _, password = os.environ.get(SERVER_AUTH, "").partition(":")
    if user and password:
        return
    where = "" if is_loopback(host) else f" ({host} is open to other machines)"
    raise UsageError(
        f"{SERVER_AUTH} must hold user:password{where}; "
        f"export {SERVER_AUTH}=admin:$(openssl rand -hex 16) and start again"
    )


def check_port(host: str, port: int) -> None:
    """Refuse an address that is taken: another server's answer would look like ours."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, port), family=family):
            pass
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}; choose --port") from None


def start(home: Path, host: str, port: int) -> Server:
    """Start the server and wait until it answers."""
    check_login(host)
    check_port(host, port)
    configure(home, quiet=False)
    home.mkdir(parents=True, exist_ok=True)
    address = {
        "PREFECT_SERVER_API_HOST": host,
        "PREFECT_SERVER_API_PORT": str(port),
        # Relative: the page asks the host it came from, also through a tunnel.
        "PREFECT_SERVER_UI_API_URL": "/api",
    }
    server = start_server(home / f"server-{port}.log", host, port, address)
    server.wait()
    return server


def describe(server: Server) -> str:
    """What a person does now; the password is theirs and is not repeated."""
    database = os.environ.get("PREFECT_SERVER_DATABASE_CONNECTION_URL", "")
    kind = "Postgres" if database.startswith("postgres") else "SQLite"
    return "\n".join(
        [
            f"Prefect UI: http://{server.host}:{server.port}  ({kind}; log {server.log})",
            f"log in with the value of {SERVER_AUTH}; in other shells:",
            f"  export PREFECT_API_URL={server.api_url} {CLIENT_AUTH}=...the same value",
            "then: streamo deploy; python -m flows.worker --pool local",
            "Ctrl-C ends the server",
        ]
    )


def serve(home: Path, host: str, port: int) -> None:
    """Run the server until it is interrupted.

    Raises:
        InternalError: the server process ended by itself.

    """
    server = start(home, host, port)
    try:
        print(describe(server), flush=True)
        server.process.wait()
        raise InternalError(f"the Prefect server ended by itself; see {server.log}")
    finally:
        kill_group(server.process, grace_s=5.0)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, serve, and turn failures into one line and an exit code."""
    parser = argparse.ArgumentParser(prog="python -m flows.serve", description=__doc__)
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=PORT)
    args = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        serve(Path.cwd() / "runs" / "prefect", args.host, args.port)
    except StreamoError as error:
        print(f"serve: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("serve: stopped", file=sys.stderr)
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
