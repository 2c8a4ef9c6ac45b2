"""A Postgres cluster of Debian's packages for as long as a block lasts: own folder and account, loopback."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from components.core.errors import InternalError, UsageError
from components.core.process import kill_group, start_group
from flows.server import LOOPBACK

INSTALLED = "/usr/lib/postgresql"
ACCOUNT = "postgres"  # initdb and postgres refuse to run as root
START_S = 60.0
# The file of the password is a pipe: it is never on a disk.
INITDB = 'exec "$0" -D "$1" -U prefect -A scram-sha-256 --pwfile=<(cat)'


def programs() -> Path | None:
    """The folder of the newest installed `initdb` and `postgres`; None if there is none."""
    found = [path.parent for path in Path(INSTALLED).glob("*/bin/initdb")]
    return max(found, key=lambda path: float(path.parent.name), default=None)


@contextlib.contextmanager
def postgres(log: Path) -> Iterator[str]:
    """Start a cluster in a temporary folder; yields its address for Prefect, the only place of the password.

    Raises:
        UsageError: Postgres is not installed.
        InternalError: it did not start.

    """
    binaries = programs()
    if binaries is None:
        raise UsageError(f"no Postgres below {INSTALLED}; install it: bash infra/apt.sh postgres")
    password, account = secrets.token_hex(16), list[str]()
    with tempfile.TemporaryDirectory(prefix="streamo-postgres-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, ACCOUNT, ACCOUNT)
            account = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]
        make(folder, binaries, account, password)
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
        # A change of account forgets the parent-death signal: it is set with it. INT is a fast shutdown.
        dying = [*(account or ["setpriv"]), "--pdeathsig", "INT"]
        options = ["-c", f"listen_addresses={LOOPBACK}", "-c", f"unix_socket_directories={folder}"]
        words = [str(binaries / "postgres"), "-D", str(folder / "data"), "-p", str(port), *options]
        with log.open("w", encoding="utf-8") as stream:
            process = start_group([*dying, *words], stdout=stream, stderr=stream, cwd="/")
        try:
            wait(binaries, port, log)
            yield f"postgresql+asyncpg://prefect:{password}@{LOOPBACK}:{port}/postgres"
        finally:
            kill_group(process, grace_s=20.0)


def make(folder: Path, binaries: Path, account: Sequence[str], password: str) -> None:
    """`initdb` in `folder/data`, as `account`."""
    words = [*account, "bash", "-c", INITDB, str(binaries / "initdb"), str(folder / "data")]
    done = subprocess.run(words, input=password, text=True, capture_output=True, check=False, cwd="/")
    if done.returncode:
        raise InternalError(f"initdb failed: {done.stderr[-500:]}")


def wait(binaries: Path, port: int, log: Path) -> None:
    """Return when the cluster takes connections."""
    deadline = time.monotonic() + START_S
    asked = [str(binaries / "pg_isready"), "--quiet", "-h", LOOPBACK, "-p", str(port)]
    while subprocess.run(asked, check=False).returncode:
        if time.monotonic() > deadline:
            raise InternalError(f"Postgres did not start: {log.read_text()[-500:]}")
        time.sleep(0.2)
