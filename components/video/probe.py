"""Probing files in limited child processes: a crash, a hang or hunger of a child becomes a reason."""

import json
import os
import select
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

from components.core.errors import InternalError
from components.core.process import kill_group, start_group
from components.video.limits import Limits
from components.video.result import Probe

__all__ = ["Limits", "Probe", "probe", "probe_many"]
START_S = 120.0  # a cold import of FFmpeg on a busy machine
PACKAGE_ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """One child process that probes file after file; it is started again after it died."""

    def __init__(self, limits: Limits):
        self.limits = limits
        self.process: subprocess.Popen[str] | None = None

    def ask(self, path: Path, *, quick: bool) -> Probe:
        """Probe one file; whatever happens to the child is in the result's reason."""
        refused = refuse(path)
        if refused is not None:
            return refused
        child = self._child()
        assert child.stdin is not None and child.stdout is not None
        try:
            child.stdin.write(json.dumps({"path": str(path), "quick": quick}) + "\n")
            child.stdin.flush()
        except BrokenPipeError:
            return self._died(path)
        answer = _read_line(child.stdout.fileno(), self.limits.wall_s)
        if answer is None:
            self.close()
            return Probe(str(path), "timeout", f"no answer within {self.limits.wall_s:g} s")
        if not answer.endswith(b"\n"):
            return self._died(path)
        return Probe(**json.loads(answer))

    def _child(self) -> subprocess.Popen[str]:
        if self.process is not None and self.process.poll() is not None:
            self.close()  # it died between two files: not the next file's fault
        if self.process is None:
            self.process = self._start()
        return self.process

    def _start(self) -> subprocess.Popen[str]:
        """A child that has said it is ready; its stderr is ours, so that a failed start explains itself."""
        path = os.pathsep.join(filter(None, [str(PACKAGE_ROOT), os.environ.get("PYTHONPATH")]))
        process = start_group(
            [sys.executable, "-m", "components.video.worker", json.dumps(asdict(self.limits))],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        if not _read_line(process.stdout.fileno(), START_S):
            kill_group(process, grace_s=0.0)
            raise InternalError("the probing process does not start (its own message is above)")
        return process

    def _died(self, path: Path) -> Probe:
        assert self.process is not None
        code = self.process.wait()
        self.close()
        if code == -signal.SIGXCPU:
            return Probe(str(path), "timeout", f"more than {self.limits.cpu_s} processor seconds")
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return Probe(str(path), "crash", f"the probing process ended with {name}")

    def close(self) -> None:
        """End the child, whatever it is doing."""
        if self.process is not None:
            kill_group(self.process, grace_s=0.0)
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    pipe.close()
            self.process = None


def _read_line(descriptor: int, wait_s: float) -> bytes | None:
    """Bytes up to a newline or the end of the pipe; None if neither comes in time."""
    deadline, data = time.monotonic() + wait_s, b""
    while not data.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        block = os.read(descriptor, 1 << 16)
        if not block:
            break
        data += block
    return data


def refuse(path: Path) -> Probe | None:
    """Reject what needs no child: names that are not text, missing, special and empty files."""
    try:
        str(path).encode("utf-8")
        found = path.stat()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        return Probe(shown, "name_not_utf8", "the file's name is not valid UTF-8; rename it")
    except (FileNotFoundError, NotADirectoryError):
        return Probe(str(path), "not_found", "no such file")
    except OSError as error:
        return Probe(str(path), "unreadable", error.strerror or str(error))
    if not stat.S_ISREG(found.st_mode):
        return Probe(str(path), "not_a_regular_file", "a folder, pipe, socket or device")
    if found.st_size == 0:
        return Probe(str(path), "empty_file", "0 bytes")
    if not os.access(path, os.R_OK):
        return Probe(str(path), "unreadable", "no permission to read it")
    return None


def probe(path: str | Path, *, quick: bool = False, limits: Limits | None = None) -> Probe:
    """Probe one file in a child process; see `Probe`. `quick` reads packets and decodes nothing."""
    return next(probe_many([path], quick=quick, limits=limits, workers=1))


def probe_many(
    paths: Sequence[str | Path],
    *,
    quick: bool = False,
    limits: Limits | None = None,
    workers: int | None = None,
) -> Iterator[Probe]:
    """Probe many files in order, in `workers` children (default: one per core this process may use).

    Each child probes file after file; a file that kills its child costs one restart. Children die with the
    thread that started them, so each thread keeps one child and closes it at the end.
    """
    limits = limits or Limits()
    count = max(1, min(workers or len(os.sched_getaffinity(0)), len(paths)))
    local = threading.local()
    pool: list[Worker] = []

    def ask(path: Path) -> Probe:
        if not hasattr(local, "worker"):
            local.worker = Worker(limits)
            pool.append(local.worker)
        answer: Probe = local.worker.ask(path.absolute(), quick=quick)
        return answer

    with ThreadPoolExecutor(count) as threads:
        try:
            futures: list[Future[Probe]] = [threads.submit(ask, Path(path)) for path in paths]
            for path, future in zip(paths, futures, strict=True):
                result = future.result()
                yield result if result.reason == "name_not_utf8" else replace(result, path=str(path))
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            for worker in pool:
                worker.close()
