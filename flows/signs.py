"""What is known of a job elsewhere, by this machine's own clock, and when it has to be given up."""

import time
from collections.abc import Callable

from prefect.client.schemas.objects import Artifact, FlowRun

from components.core.progress import clock
from flows.pools import Pool

REMIND_S = 30.0


class Signs:
    """Collects what the polls of one job see.

    Args:
        pool: how long silence may last.
        now: monotonic clock, in seconds.

    """

    def __init__(self, pool: Pool, now: Callable[[], float] = time.monotonic):
        self.pool, self.now = pool, now
        self._phase = ""  # waiting, taken, running
        self._sign: object = None
        self._since = now()  # the last sign of life
        self._note = ""
        self._said, self._said_at = "", now()

    def see(self, run: FlowRun, progress: Artifact | None, workers: list[str]) -> None:
        """Take in one poll: the run, its progress artifact, and the pool's live workers if there is none."""
        state = run.state_name or "unknown"
        if progress is not None:
            sign: object = (progress.data, progress.description)
            self._enter("running")
            self._note = str(progress.description).partition(": ")[2]
        elif run.state and (run.state.is_pending() or run.state.is_running()):
            sign = None
            self._enter("taken")
            self._note = f"{state}: a worker has taken it"
        else:
            sign = self.now() if workers else None  # a live worker will come to it
            self._enter("waiting")
            self._note = f"{state}: waits for {', '.join(workers) or 'a worker, but none is alive'}"
        if sign is not None and sign != self._sign:
            self._sign, self._since = sign, self.now()

    def miss(self, error: Exception) -> None:
        """Take in a poll that failed."""
        self._note = f"the Prefect server does not answer ({type(error).__name__})"

    def _enter(self, phase: str) -> None:
        if phase != self._phase:
            self._phase, self._since = phase, self.now()

    def news(self) -> str | None:
        """A line for people: when it is new, and again from time to time."""
        if self._note == self._said and self.now() - self._said_at < REMIND_S:
            return None
        self._said, self._said_at = self._note, self.now()
        return self._note

    def lost(self) -> str | None:
        """Why the job is to be given up, None as long as it is not."""
        silent = self.now() - self._since
        patient = self._phase == "taken" or (self._phase == "waiting" and self.pool.on_demand)
        limit = self.pool.start_after_s if patient else self.pool.lost_after_s
        if silent <= limit:
            return None
        return {
            "waiting": f"no live worker to take the job for {clock(silent)}",
            "taken": f"a worker took the job {clock(silent)} ago and has not begun it",
        }.get(
            self._phase, f"no sign of life for {clock(silent)}, its machine or worker is lost ({self._note})"
        )
