"""What Prefect itself holds of a flow run, written to `runs/flow/`: names, states and edges of its tasks."""

import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import TaskRun, TaskRunResult
from prefect.runtime import flow_run

from components.core.files import write_json

PAGE = 200  # the most the server gives at once
IDLE = "NotReady"  # where a stage ends whose upstream failed; to Prefect it is a pending state
SETTLE_S = 60.0  # task states reach the server by events, after the fact; on a busy machine well after


def read_task_runs(expected: Collection[str]) -> list[TaskRun]:
    """Task runs of the current flow run as the server knows them, once all of the names `expected` are over.

    Others, such as the one that stands for a run on another machine, are left out.
    """
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run.id]))
    deadline = time.monotonic() + SETTLE_S
    with get_client(sync_client=True) as client:
        while True:
            found: list[TaskRun] = []
            while page := client.read_task_runs(flow_run_filter=chosen, limit=PAGE, offset=len(found)):
                found += page
            found = [run for run in found if run.name in expected]
            over = [run for run in found if run.state and (run.state.is_final() or run.state.name == IDLE)]
            if len(over) == len(expected) or time.monotonic() > deadline:
                return found
            time.sleep(0.1)


def write_flow_record(root: Path, name: str, states: dict[str, str]) -> None:
    """Write `runs/flow/flow-<name>.json`: our states beside the task runs and edges the server holds."""
    runs = read_task_runs(states)
    names = {run.id: run.name for run in runs}
    tasks: dict[str, Any] = {}
    for run in runs:
        sources = [item for item in run.task_inputs.get("wait_for", []) if isinstance(item, TaskRunResult)]
        tasks[run.name] = {"state": run.state_name, "upstream": sorted(names[item.id] for item in sources)}
    record = {"flow_run": str(flow_run.id), "states": states, "prefect": tasks}
    write_json(root / "runs" / "flow" / f"flow-{name}.json", record)
