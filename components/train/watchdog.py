"""Who watches the ranks: finds the one that is dead or hung, and says since when.

The clock is the watcher's own: what counts is when it last saw a rank's file change, so the clocks of
machines need not agree.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# A main thread without progress counts as hung after `hang_s` and this many times its longest pause so far; a
# rank that is still importing its libraries, after this many times `hang_s`.
SLOW = 10


@dataclass
class Seen:
    """What the watcher knows of one rank."""

    says: dict[str, Any] = field(default_factory=dict)
    ticked: float = 0.0
    beaten: float = 0.0
    longest: float = 0.0
    began: int = 0  # the first step it was seen in


class Watchdog:
    """Looks at the heartbeats of `ranks` ranks in `folder`; see `check`."""

    def __init__(
        self, folder: Path, ranks: int, hang_s: float, *, clock: Callable[[], float] = time.monotonic
    ):
        self.folder, self.hang_s, self.clock = folder, hang_s, clock
        now = clock()
        self.seen = {rank: Seen(ticked=now, beaten=now) for rank in range(ranks)}

    def check(self) -> str | None:
        """Name the first rank that gives no sign of life, or the one that holds the others up; else None."""
        now = self.clock()
        for rank in self.seen:
            self._look(rank, now)
        for rank, seen in self.seen.items():
            # Loading a library holds the interpreter's lock: on a slow disk the ticks pause with it.
            begins = not seen.says or not seen.says["beats"]
            age = now - seen.ticked
            if age > (SLOW * self.hang_s if begins else self.hang_s):
                return f"rank {rank}{_who(seen)}: no heartbeat since {_where(seen)}, {age:.0f} s ago"
        stuck = [(rank, seen) for rank, seen in self.seen.items() if self._is_stuck(seen, now)]
        if not stuck:
            return None
        rank, seen = min(stuck, key=lambda entry: (entry[1].says["step"], entry[1].says["place"], entry[0]))
        age = now - seen.beaten
        return f"rank {rank}{_who(seen)}: runs, but has not got on since {_where(seen)}, {age:.0f} s ago"

    def where(self, rank: int) -> str:
        """Where a rank was last seen."""
        return _where(self.seen[rank])

    def _look(self, rank: int, now: float) -> None:
        says = read_says(self.folder / f"rank-{rank}.json")
        seen = self.seen[rank]
        if not says or says == seen.says:
            return
        if says["beats"] != seen.says.get("beats"):
            if seen.says and not seen.says["patient"]:
                seen.longest = max(seen.longest, now - seen.beaten)
            seen.beaten = now
            seen.began = seen.began or says["step"]
        seen.says, seen.ticked = says, now

    def _is_stuck(self, seen: Seen, now: float) -> bool:
        if not seen.says or seen.says["patient"]:
            return False
        # Kernels are chosen and buffers made: there is no pause to compare with yet.
        first = seen.says["step"] <= seen.began
        limit = self.hang_s + SLOW * max(seen.longest, self.hang_s if first else 0.0)
        return now - seen.beaten > limit


def read_says(path: Path) -> dict[str, Any]:
    """A heartbeat or a word left behind; empty where there is none (yet)."""
    try:
        says: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return says


def guard(folder: Path, ranks: int, hang_s: float) -> None:
    """Watch from inside a rank, in a thread: for ranks whose parent is torchrun, which sees only exits.

    On a fault it names the rank on stderr and ends this process; torchrun then ends the others.
    """
    watch = Watchdog(folder, ranks, hang_s)

    def run() -> None:
        pause = threading.Event()
        while True:
            pause.wait(min(1.0, hang_s / 4))
            fault = watch.check()
            if fault is not None:
                print(f"train: {fault}; this rank ends too", file=sys.stderr, flush=True)
                os._exit(3)  # the main thread may wait for the lost rank inside a collective, for ever

    threading.Thread(target=run, name="watchdog", daemon=True).start()


def _who(seen: Seen) -> str:
    return f" (process {seen.says['pid']} on {seen.says['host']})" if seen.says else ""


def _where(seen: Seen) -> str:
    return f"step {seen.says['step']} ({seen.says['doing']})" if seen.says else "its start"
