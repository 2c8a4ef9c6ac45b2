"""Signs of life of one rank: a small file that a thread rewrites every second, and what the rank is doing."""

import json
import os
import socket
import threading
from pathlib import Path


class Heart:
    """Beats into `<folder>/rank-<n>.json` until the process ends; without a folder it only remembers.

    `ticks` grow while the process runs; `beats` grow while its main thread gets on. A stopped process has
    neither, a deadlocked one only ticks.
    """

    def __init__(self, folder: Path | None, rank: int, *, every_s: float = 1.0):
        self.rank, self.every_s = rank, every_s
        self.path = folder / f"rank-{rank}.json" if folder else None
        self.ticks = self.beats = self.step = self.place = 0
        self.doing, self.patient = "starting", True
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            threading.Thread(target=self._tick, name="heartbeat", daemon=True).start()

    def beat(self, step: int, place: int, doing: str, *, patient: bool = False) -> None:
        """The main thread got to `place` of `step` (1-based; places grow within a step).

        `patient`: what comes now may take long (loading, a checkpoint), and only the ticks count.
        """
        self.beats += 1
        self.step, self.place, self.doing, self.patient = step, place, doing, patient

    def failed(self, message: str, exit_code: int) -> None:
        """Leave word of why this rank ends on purpose, for the message of the whole job."""
        if self.path is not None:
            self._write(self.path.with_suffix(".failed"), {"message": message, "exit_code": exit_code})

    def _tick(self) -> None:
        pause = threading.Event()
        while True:
            self.ticks += 1
            keys = ("ticks", "beats", "step", "place", "doing", "patient")
            about = {"rank": self.rank, "pid": os.getpid(), "host": socket.gethostname()}
            assert self.path is not None
            self._write(self.path, {**about, **{key: getattr(self, key) for key in keys}})
            pause.wait(self.every_s)

    def _write(self, path: Path, value: dict[str, object]) -> None:
        """Whole by rename, but not flushed to disk: it is of use only while the job runs."""
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.write_text(json.dumps(value))
        fresh.replace(path)
