"""Limited child processes that answer a request a line; whatever happens to one of them is a reason."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TypeVar

from components.core.errors import InternalError
from components.core.process import kill_group, start_group
from components.video.limits import Limits

START_S = 120.0  # a cold import of FFmpeg on a busy machine
PACKAGE_ROOT = Path(__file__).resolve().parents[2]
TIMEOUT, CRASH = "timeout", "crash"
SECRET = re.compile("KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH", re.IGNORECASE)


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what is named like a key: a decoder of foreign files needs none."""
    return {name: value for name, value in environment.items() if not SECRET.search(name)}


class EndedError(Exception):
    """The child gave no answer: `reason` is `timeout` or `crash`, `detail` says what happened."""

    def __init__(self, reason: str, detail: str):
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


class Child:
    """One child process; it is started when it is first asked, and again after it died.

    Args:
        module: run with `python -m` and the limits as JSON; says it is ready, then answers line by line.
        limits: what one request may cost.
        doing: what the process is for, in messages: `probing`.

    """

    def __init__(self, module: str, limits: Limits, doing: str):
        self.module, self.limits, self.doing = module, limits, doing
        self.process: subprocess.Popen[str] | None = None

    def ask(self, request: Mapping[str, Any]) -> Any:
        """The answer to one request, both plain JSON.

        Raises:
            EndedError: the child died of it, or took longer than `limits.wall_s`; it is gone.
            InternalError: the child cannot be started.

        """
        child = self._child()
        assert child.stdin is not None and child.stdout is not None
        try:
            child.stdin.write(json.dumps(dict(request)) + "\n")
            child.stdin.flush()
        except BrokenPipeError:
            raise self._died() from None
        answer = _read_line(child.stdout.fileno(), self.limits.wall_s)
        if answer is None:
            self.close()
            raise EndedError(TIMEOUT, f"no answer within {self.limits.wall_s:g} s")
        if not answer.endswith(b"\n"):
            raise self._died()
        return json.loads(answer)

    def _child(self) -> subprocess.Popen[str]:
        if self.process is not None and self.process.poll() is not None:
            self.close()  # it died between two requests: not the next one's fault
        if self.process is None:
            self.process = self._start()
        return self.process

    def _start(self) -> subprocess.Popen[str]:
        """A child that has said it is ready; its stderr is ours, so that a failed start explains itself."""
        path = os.pathsep.join(filter(None, [str(PACKAGE_ROOT), os.environ.get("PYTHONPATH")]))
        process = start_group(
            [sys.executable, "-m", self.module, json.dumps(asdict(self.limits))],
            env={**without_secrets(os.environ), "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        if not _read_line(process.stdout.fileno(), START_S):
            kill_group(process, grace_s=0.0)
            raise InternalError(f"the {self.doing} process does not start (its own message is above)")
        return process

    def _died(self) -> EndedError:
        assert self.process is not None
        code = self.process.wait()
        self.close()
        if code == -signal.SIGXCPU:
            return EndedError(TIMEOUT, f"more than {self.limits.cpu_s} processor seconds")
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return EndedError(CRASH, f"the {self.doing} process ended with {name}")

    def close(self) -> None:
        """End the child, whatever it is doing."""
        if self.process is not None:
            kill_group(self.process, grace_s=0.0)
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    pipe.close()
            self.process = None


class Closing(Protocol):
    """What a thread of the pool keeps."""

    def close(self) -> None:
        """End it."""


W = TypeVar("W", bound=Closing)
T = TypeVar("T")
R = TypeVar("R")


def each(
    items: Sequence[T],
    make: Callable[[], W],
    work: Callable[[W, T], R],
    *,
    workers: int | None = None,
    ending: Callable[[], None] = lambda: None,
) -> Iterator[R]:
    """`work(worker, item)` of every item, in their order, by `workers` threads (default: one per core).

    Each thread makes one worker and keeps it. Children die with the thread that started them (prctl), so a
    child must not be shared by threads; all are closed at the end, after `ending` was called.
    """
    count = max(1, min(workers or len(os.sched_getaffinity(0)), len(items)))
    local = threading.local()
    pool: list[W] = []

    def one(item: T) -> R:
        if not hasattr(local, "worker"):
            local.worker = make()
            pool.append(local.worker)
        return work(local.worker, item)

    with ThreadPoolExecutor(count) as threads:
        try:
            futures: list[Future[R]] = [threads.submit(one, item) for item in items]
            for future in futures:
                yield future.result()
        finally:
            ending()
            threads.shutdown(wait=False, cancel_futures=True)
            for worker in pool:
                worker.close()


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
