"""Jobs for other machines: started as runs of `run-stage/<pool>`, watched, cancelled with the flow."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import Artifact, FlowRun, StateType
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelling, Crashed

from components.core.errors import DataError, InternalError
from components.core.hashing import fingerprint
from components.lineage.job import Job
from flows.answer import answer_key, parse_answer, progress_key
from flows.pools import Pool
from flows.signs import Signs

FLOW = "run-stage"
POLL_S = 2.0
STOPPED = "the flow that asked for it stopped"
OPEN = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING]


class LostError(DataError):
    """A job's machine gave no sign of life for too long."""


def check_pool(pool: Pool) -> None:
    """Whether a job for this pool would be taken.

    Raises:
        DataError: no such work pool, no deployment for it, or no live worker; with what to do.

    """
    own = pool.kind == "process"  # others come with a worker of their own: infra/README.md
    worker = "python -m flows.worker" if own else f"prefect worker start --type {pool.kind}"
    start = f"start one there: `{worker} --pool {pool.name}`{' in its checkout' if own else ''}"
    with get_client(sync_client=True) as client:
        try:
            found = client.read_work_pool(pool.name)
            client.read_deployment_by_name(f"{FLOW}/{pool.name}")
        except ObjectNotFound:
            raise DataError(
                f"this Prefect server has no work pool {pool.name!r} with a deployment {FLOW}/{pool.name}: "
                f"run `streamo deploy`, then {start}"
            ) from None
        if found.type != pool.kind:
            raise DataError(
                f"work pool {pool.name} is of type {found.type}, infra/pools.yaml says {pool.kind}"
            )
        if found.is_paused:
            raise DataError(f"work pool {pool.name} is paused: `prefect work-pool resume {pool.name}`")
        if not pool.on_demand and not _live_workers(client, pool):
            raise DataError(f"work pool {pool.name} has no live worker; {start}")


def _live_workers(client: SyncPrefectClient, pool: Pool) -> list[str]:
    workers = client.read_workers_for_work_pool(pool.name)
    return sorted(worker.name for worker in workers if worker.status == "ONLINE")


class Dispatcher:
    """The jobs of one flow run; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: set[UUID] = set()
        self._stopped = threading.Event()

    def run(self, pool: Pool, job: Job, say: Callable[[str], None]) -> Any:
        """Have a job done and return its answer, unchecked; one that is lost is asked for again.

        Args:
            pool: where.
            job: what, see components.lineage.job.
            say: gets a line whenever something is new.

        Raises:
            DataError: the job failed, was cancelled, or its machine is lost.
            InternalError: this flow is stopping.

        """
        with get_client(sync_client=True) as client:
            left = pool.again
            while True:
                try:
                    return self._once(client, pool, job, say)
                except LostError as lost:
                    if not left or not _live_workers(client, pool):
                        raise
                    left -= 1
                    say(f"{lost} Asked for again: another worker is alive.")

    def _once(self, client: SyncPrefectClient, pool: Pool, job: Job, say: Callable[[str], None]) -> Any:
        try:
            run = self._open_run(client, job)
            again = "goes on with run" if run else "run"
            run = run or self._start(pool, job)
        except (httpx.HTTPError, ObjectNotFound) as error:
            raise DataError(
                f"{job['address']}: the Prefect server did not take the job ({error}); "
                "see to it and run again"
            ) from None
        say(f"pool {pool.name}: {again} {run.name} ({run.id})")
        with self._lock:
            self._live.add(run.id)
        try:
            return self._watch(client, pool, job, run.id, say)
        finally:
            with self._lock:
                self._live.discard(run.id)

    def stop(self) -> None:
        """Cancel every job that is under way; for the way out of a flow."""
        self._stopped.set()
        with self._lock:
            live = list(self._live)
        if not live:
            return
        with get_client(sync_client=True) as client:
            for run_id in live:
                # Where that fails, the job goes on and the next flow finds it.
                with contextlib.suppress(httpx.HTTPError):
                    client.set_flow_run_state(run_id, Cancelling(message=STOPPED))

    @staticmethod
    def _tag(job: Job) -> str:
        return f"job-{fingerprint(job)[:16]}"

    def _open_run(self, client: SyncPrefectClient, job: Job) -> FlowRun | None:
        """The run of the very same job that a killed flow left behind, if it is not over."""
        runs = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                tags=FlowRunFilterTags(all_=[self._tag(job)]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=OPEN)),
            )
        )
        return runs[0] if runs else None

    def _start(self, pool: Pool, job: Job) -> FlowRun:
        # Called in a thread without an event loop it returns the run, never a coroutine.
        started = run_deployment(
            f"{FLOW}/{pool.name}",
            parameters={"job": job},
            flow_run_name=job["address"],
            tags=["stage", job["address"], self._tag(job)],
            timeout=0,
        )
        return cast(FlowRun, started)

    def _watch(
        self, client: SyncPrefectClient, pool: Pool, job: Job, run_id: UUID, say: Callable[[str], None]
    ) -> Any:
        signs = Signs(pool)
        while not self._stopped.wait(POLL_S):
            try:
                run = client.read_flow_run(run_id)
                if run.state and run.state.is_final():
                    return self._end(client, job, run)
                progress = _artifact(client, run_id, progress_key(job["address"]))
                signs.see(run, progress, _live_workers(client, pool) if progress is None else [])
            except httpx.HTTPError as error:
                signs.miss(error)
            if new := signs.news():
                say(new)
            if why := signs.lost():
                self._give_up(client, run_id, why)
                raise LostError(
                    f"{job['address']}: {why} (pool {pool.name}, run {run_id}); see to that machine and its "
                    "worker, then run again: only what is left will run"
                )
        raise InternalError("the flow is stopping")

    @staticmethod
    def _end(client: SyncPrefectClient, job: Job, run: FlowRun) -> Any:
        """The answer of a completed run; DataError with the reason of any other end."""
        state = run.state
        assert state is not None
        if not state.is_completed():
            raise DataError(
                f"{job['address']}: run {run.name} ({run.id}) on another machine ended as {state.name}: "
                f"{state.message or 'no reason was given'}; run again when that is mended"
            )
        artifact = _artifact(client, run.id, answer_key(job["address"]))
        if artifact is None:
            raise DataError(f"{job['address']}: run {run.id} completed without an answer")
        return parse_answer(str(artifact.data), job["address"])

    @staticmethod
    def _give_up(client: SyncPrefectClient, run_id: UUID, why: str) -> None:
        """Declare the run over, so that nobody waits for it and its machine, if it comes back, ends it."""
        with contextlib.suppress(httpx.HTTPError):
            client.set_flow_run_state(run_id, Crashed(message=why), force=True)


def _artifact(client: SyncPrefectClient, run_id: UUID, key: str) -> Artifact | None:
    found = client.read_artifacts(
        artifact_filter=ArtifactFilter(
            flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]), key=ArtifactFilterKey(any_=[key])
        )
    )
    return found[0] if found else None
