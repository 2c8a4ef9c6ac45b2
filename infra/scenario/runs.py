"""Flow runs of a deployment as the Prefect server has them: start one, wait for one."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort

from components.core.errors import DataError

RUN_S = 1800.0
POLL_S = 1.0


@dataclass(frozen=True)
class Ended:
    """A finished flow run."""

    name: str
    state: str
    by_schedule: bool
    by_event: bool
    parameters: dict[str, Any]


def start(deployment: str, **parameters: Any) -> UUID:
    """Start a run of `flow/name` now; returns its id."""
    with get_client(sync_client=True) as client:
        found = client.read_deployment_by_name(deployment)
        return client.create_flow_run_from_deployment(found.id, parameters=parameters).id


def of_deployment(deployment: str) -> list[FlowRun]:
    """Every run of a deployment, oldest first."""
    with get_client(sync_client=True) as client:
        found = client.read_deployment_by_name(deployment)
        chosen = DeploymentFilter(id=DeploymentFilterId(any_=[found.id]))
        return client.read_flow_runs(
            deployment_filter=chosen, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=200
        )


def wait_for(deployment: str, *, run: UUID | None = None, known: set[UUID] | None = None) -> Ended:
    """Wait until `run`, or the first run that is not in `known`, is over.

    Raises:
        DataError: none was over within RUN_S seconds.

    """
    deadline = time.monotonic() + RUN_S
    while time.monotonic() < deadline:
        for found in of_deployment(deployment):
            wanted = found.id == run if run else found.id not in (known or set())
            if wanted and found.state and found.state.is_final() and not found.state.is_cancelled():
                return ended(found)
        time.sleep(POLL_S)
    raise DataError(f"no run of {deployment} was over within {RUN_S:.0f} s")


def over(deployment: str) -> set[UUID]:
    """Ids of the runs that are over."""
    return {found.id for found in of_deployment(deployment) if found.state and found.state.is_final()}


def ended(found: FlowRun) -> Ended:
    """The facts of a finished run."""
    by = found.created_by.type if found.created_by else ""
    return Ended(
        found.name,
        found.state_name or "",
        bool(found.auto_scheduled),
        by == "AUTOMATION",
        dict(found.parameters),
    )
