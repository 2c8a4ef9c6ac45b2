"""Child processes of the flow: one session each, output drained by line, killed whole when the flow stops."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import InternalError
from components.core.process import FIXED_ENV, SUPERVISOR, kill_group, start_group

DRAIN_S = 5.0  # how long to read on after the child is gone, should a stranger hold its pipe


@dataclass(frozen=True)
class Finished:
    """Exit status and complete output (stdout and stderr together) of a child."""

    returncode: int
    lines: list[str]


def child_environment() -> dict[str, str]:
    """The environment of a `dvc repro` below this process."""
    environment = {**os.environ, **FIXED_ENV}
    for key in ("DVC_STAGE", "DVC_ROOT"):
        environment.pop(key, None)
    environment[SUPERVISOR] = str(os.getpid())
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
    environment["SHELL"] = "/bin/sh"  # DVC runs commands by it; one that cannot `exec` would stay as parent
    environment["PYTHONUNBUFFERED"] = "1"
    return environment


class Children:
    """The live children of one flow run; every method may be called from any thread.

    Args:
        root: their current folder.
        changes: of their environment, beyond `child_environment`; None takes a variable away.

    """

    def __init__(self, root: Path, changes: Mapping[str, str | None] | None = None):
        self.root = root
        self.changes = dict(changes or {})
        self._lock = threading.Lock()
        self._live: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def run(self, argv: Sequence[str], log: Path, on_line: Callable[[str], None]) -> Finished:
        """Run `argv` to its end: every line goes to the file `log`, to `on_line`, and into the result."""
        log.parent.mkdir(parents=True, exist_ok=True)
        lines: list[str] = []
        process = self._start(argv)
        try:
            with log.open("w", encoding="utf-8") as stream:

                def drain() -> None:
                    for line in process.stdout or ():
                        lines.append(line.rstrip("\n"))
                        with contextlib.suppress(ValueError):  # closed: a stranger wrote after DRAIN_S
                            stream.write(line)
                            stream.flush()
                        on_line(lines[-1])

                reader = threading.Thread(target=drain, daemon=True)
                reader.start()
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
                self._end_group(process)
                reader.join(DRAIN_S)
        finally:
            with self._lock:
                self._live.discard(process)
        return Finished(process.wait(), lines)

    def stop(self) -> None:
        """Kill every child with its whole group and start no other; for the way out of a flow."""
        with self._lock:
            self._stopped = True
            live = list(self._live)
        for process in live:
            kill_group(process)

    def _environment(self) -> dict[str, str]:
        merged = {**child_environment(), **self.changes}
        return {key: value for key, value in merged.items() if value is not None}

    def _start(self, argv: Sequence[str]) -> subprocess.Popen[str]:
        with self._lock:
            if self._stopped:
                raise InternalError("the flow is stopping")
            process = start_group(
                argv,
                env=self._environment(),
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                errors="replace",
            )
            self._live.add(process)
        return process

    @staticmethod
    def _end_group(process: subprocess.Popen[str]) -> None:
        """Kill what the dead leader left; it is not reaped yet, so its group id cannot be a stranger's."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
