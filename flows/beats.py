"""A job's sign of life: a Prefect progress artifact, renewed every few seconds with the stage's last line."""

import re
import threading
from collections.abc import Callable
from types import TracebackType
from typing import cast
from uuid import UUID

import httpx
from prefect.artifacts import create_progress_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate
from prefect.logging import get_run_logger

from flows.answer import progress_key

BEAT_S = 5.0
PERCENT = re.compile(r"\((\d+(?:\.\d+)?) ?%\)")


class Beats:
    """Beats while the block runs; ends the job when the server says that its run is over.

    Attributes:
        on_end: called, from another thread, when the run was cancelled or declared lost.

    """

    def __init__(self, address: str, run_id: str):
        self.address, self.run_id = address, UUID(run_id)
        self.on_end: Callable[[], None] = lambda: None
        self._last, self._percent, self._count = "begun", 0.0, 0
        self._over = threading.Event()
        self._log = get_run_logger()

    def line(self, text: str) -> None:
        """Take note of one line of the stage and put it into the run's log; from any thread."""
        if not text.strip():
            return
        self._log.info(text)
        self._last = text.strip()
        if found := PERCENT.search(text):
            self._percent = min(100.0, float(found.group(1)))

    def __enter__(self) -> "Beats":
        # Called without an event loop it returns the id, never a coroutine.
        created = create_progress_artifact(0.0, key=progress_key(self.address), description="0: begun")
        self._artifact = cast(UUID, created)
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(BEAT_S)

    def _beat(self) -> None:
        with get_client(sync_client=True) as client:
            while not self._over.wait(BEAT_S):
                self._count += 1
                text = f"{self._count}: {self._last}"
                try:
                    client.update_artifact(
                        self._artifact, ArtifactUpdate(data=self._percent, description=text)
                    )
                    state = client.read_flow_run(self.run_id).state
                except (
                    httpx.HTTPError
                ) as error:  # the next beat tries again; silence is the other side's to judge
                    self._log.warning("no sign of life could be given: %r", error)
                    continue
                if state and (state.is_final() or state.is_cancelling()):
                    self.on_end()
                    return
