"""Locks between processes: make, the flow and a worker never run two DAGs in one folder at once."""

import contextlib
import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from components.core.errors import DataError


@contextlib.contextmanager
def file_lock(path: Path, what: str, purpose: str, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock file `path`; says who holds it, waits up to `wait_s` seconds, then raises DataError.

    The kernel frees the lock when the holder dies, so a killed run never blocks the next one.

    Args:
        path: the file; it stays there, empty, when the lock is free.
        what: what the lock guards, for the message: `this checkout`.
        purpose: what the holder does, for the message that others get.
        wait_s: how long to wait for another holder, in seconds.

    """
    with path.open("a+", encoding="utf-8") as handle:
        deadline, said = time.monotonic() + wait_s, False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                handle.seek(0)
                holder = handle.read().strip() or "an unknown process"
                if time.monotonic() >= deadline:
                    raise DataError(f"{path}: {what} is in use by {holder}; wait for it or stop it") from None
                if not said:
                    print(f"waiting for {holder}", file=sys.stderr, flush=True)
                    said = True
                time.sleep(0.2)
        handle.truncate(0)
        handle.write(json.dumps({"pid": os.getpid(), "purpose": purpose}))
        handle.flush()
        try:
            yield
        finally:
            handle.truncate(0)


@contextlib.contextmanager
def checkout_lock(root: Path, purpose: str, *, wait_s: float = 0.0) -> Iterator[None]:
    """`file_lock` of the checkout at `root` (`.streamo.lock`)."""
    with file_lock(root / ".streamo.lock", "this checkout", purpose, wait_s=wait_s):
        yield
