"""What a person sees while the flow runs: one line per start and end, the stages' own lines, time left."""

import sys
import threading
import time
from collections.abc import Callable
from typing import TextIO

from components.core.progress import clock

# What DVC says after every stage and nobody needs: how to add dvc.lock to git and how to push.
NOISE = (
    "To track the changes with git, run:",
    "git add ",
    "To enable auto staging, run:",
    "dvc config core.autostage",
    "Use `dvc push`",
    "Updating lock file",
    "Generating lock file",
    "Data and pipelines are up to date.",
)


class Console:
    """Whole lines on one stream from many threads.

    Args:
        total: stages of this run.
        left: returns the seconds left, None while a stage without an earlier run is still to come.
        stream: where to write (default: stdout).

    """

    def __init__(self, total: int, left: Callable[[], float | None], stream: TextIO | None = None):
        self.total, self.left = total, left
        self.stream = stream or sys.stdout
        self.done = 0
        self.running: dict[str, float] = {}  # address -> monotonic start
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Print one line."""
        with self._lock:
            self.stream.write(text + "\n")
            self.stream.flush()

    def started(self, address: str, why: str) -> None:
        """A stage's child process starts."""
        self.running[address] = time.monotonic()
        self.say(f"[{self.done:>2}/{self.total}] {address}: running ({why})")

    def ended(self, address: str, state: str) -> None:
        """A stage is over; `state` is Completed, Cached, Failed or NotReady."""
        begun = self.running.pop(address, None)
        self.done += 1
        spent = "" if begun is None else f" in {clock(time.monotonic() - begun)}"
        self.say(f"[{self.done:>2}/{self.total}] {address}: {state}{spent}{self._left()}")

    def line(self, address: str, text: str) -> None:
        """One line of a stage's own output."""
        if text.strip() and not text.strip().startswith(NOISE):
            self.say(f"    {address} | {text}")

    def heartbeat(self) -> None:
        """What runs and for how long: said when nothing else happened for a while."""
        now = time.monotonic()
        active = ", ".join(
            f"{address} {clock(now - start)}" for address, start in sorted(self.running.items())
        )
        if active:
            self.say(f"[{self.done:>2}/{self.total}] running: {active}{self._left()}")

    def _left(self) -> str:
        seconds = self.left() if self.done < self.total else None
        return "" if not seconds else f", about {clock(seconds)} left"
