"""One progress line with time left, for anything that takes more than a few seconds."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

T = TypeVar("T")


def clock(seconds: float) -> str:
    """`75.2` -> `1:15`."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


class Progress:
    """Prints `label 12/300 (4 %), 0:31 left, note` at most every `every_s` seconds, as whole lines.

    `silent`: only counts; for all but one of the processes that do the same work.
    """

    def __init__(
        self,
        label: str,
        total: int,
        *,
        every_s: float = 5.0,
        stream: TextIO | None = None,
        silent: bool = False,
    ):
        self.label, self.total, self.every_s, self.silent = label, total, every_s, silent
        self.stream = stream or sys.stderr
        self.done, self.start, self.last = 0, time.monotonic(), time.monotonic()

    def step(self, count: int = 1, note: str = "") -> None:
        """Count `count` items as done; print if it is time to or if this was the last."""
        self.done += count
        now = time.monotonic()
        if self.silent or (now - self.last < self.every_s and self.done < self.total):
            return
        self.last = now
        left = (now - self.start) / max(1, self.done) * (self.total - self.done)
        share = 100 * self.done / max(1, self.total)
        tail = f", {note}" if note else ""
        print(
            f"{self.label} {self.done}/{self.total} ({share:.0f} %), {clock(left)} left{tail}",
            file=self.stream,
            flush=True,
        )


def track(items: Iterable[T], label: str, total: int, *, every_s: float = 5.0) -> Iterator[T]:
    """Iterate with a `Progress` line."""
    progress = Progress(label, total, every_s=every_s)
    for item in items:
        yield item
        progress.step()
