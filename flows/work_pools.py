"""Work pools as `streamo deploy` makes them: for the flows, and for each pool of infra/pools.yaml."""

from collections.abc import Sequence
from typing import Any

from components.core.errors import DataError
from flows.pools import FILE, Pool

LOCAL = "local"  # work pool of the flows themselves: one at a time, they share the cores of one machine
RUN_STAGE = "run-stage"
ENTRYPOINT = "flows.remote.run_stage"


def stage_deployment(pool: Pool) -> dict[str, Any]:
    """The deployment `run-stage/<pool>`, as an entry of prefect.yaml."""
    return {
        "name": pool.name,
        "entrypoint": ENTRYPOINT,
        "description": "Run one stage of a commit on the machine of a worker and hand back its lock entry.",
        "tags": ["streamo", pool.name],
        "work_pool": {"name": pool.name},
    }


def work_pools(pools: Sequence[Pool]) -> dict[str, tuple[str, int | None]]:
    """Name -> (type in Prefect, most runs at once) of every work pool; None: as many as there are workers."""
    return {LOCAL: ("process", 1), **{pool.name: (pool.kind, pool.at_once) for pool in pools}}


def make_pools(pools: Sequence[Pool]) -> None:
    """Create the work pools; the limit of one that is there is its owner's.

    Raises:
        DataError: one is there with another type.

    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        for name, (kind, at_once) in work_pools(pools).items():
            try:
                found = client.read_work_pool(name)
            except ObjectNotFound:
                client.create_work_pool(WorkPoolCreate(name=name, type=kind, concurrency_limit=at_once))
                continue
            if found.type != kind:
                raise DataError(
                    f"work pool {name} is of type {found.type}, {FILE} says {kind}: delete the pool or rename"
                )
