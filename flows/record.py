"""What Prefect itself holds of a flow run, written to `runs/flow/`: names, states and edges of its tasks."""

import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import TaskRun, TaskRunResult
from prefect.runtime import flow_run

from components.core.files import write_json

PAGE = 200  # the most the server gives at once
PAUSE_S = 0.1  # between two looks
IDLE = "NotReady"  # where a stage ends whose upstream failed; to Prefect it is a pending state
SETTLE_S = 60.0  # task states reach the server by events, after the fact; on a busy machine well after


def read_task_runs(expected: Collection[str]) -> list[TaskRun]:
    """Task runs of the current flow run as the server knows them, once all of the names `expected` are over.

    Others, such as the one that stands for a run on another machine, are left out.
    """
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run.id]))
    with get_client(sync_client=True) as client:

        def page(offset: int) -> list[TaskRun]:
            return client.read_task_runs(flow_run_filter=chosen, limit=PAGE, offset=offset)

        return settled(page, expected, SETTLE_S)


def settled(page: Callable[[int], list[TaskRun]], expected: Collection[str], wait_s: float) -> list[TaskRun]:
    """The task runs named in `expected`, each once, as soon as all of them are over; later what there is.

    Args:
        page: task runs from an offset on, at most `PAGE`. Between two calls a new one may come before the
            others, so that the next page begins with one that was already seen: told apart by id, and the
            one that was pushed over the edge is met in the next round.
        expected: names of task runs.
        wait_s: seconds until those that are not over are said on stderr and given as they are.

    """
    deadline = time.monotonic() + wait_s
    while True:
        rows = pages(page)
        found = list({run.id: run for run in rows if run.name in expected}.values())
        over = {run.name for run in found if run.state and (run.state.is_final() or run.state.name == IDLE)}
        lacking = sorted(set(expected) - over)
        if not lacking:
            return found
        if time.monotonic() > deadline:
            held = f"after {wait_s:.0f} s the Prefect server does not know the end of {', '.join(lacking)}"
            print(f"{held}: the record in runs/flow has their states from the flow itself", file=sys.stderr)
            return found
        time.sleep(PAUSE_S)


def pages(page: Callable[[int], list[TaskRun]]) -> list[TaskRun]:
    """Every row of a paged list, until a page has none."""
    rows: list[TaskRun] = []
    while more := page(len(rows)):
        rows += more
    return rows


def write_flow_record(root: Path, name: str, states: dict[str, str]) -> None:
    """Write `runs/flow/flow-<name>.json`: our states beside the task runs and edges the server holds."""
    runs = read_task_runs(states)
    names = {run.id: run.name for run in runs}
    tasks: dict[str, Any] = {}
    for run in runs:
        waits = [item.id for item in run.task_inputs.get("wait_for", []) if isinstance(item, TaskRunResult)]
        tasks[run.name] = {"state": run.state_name, "upstream": sorted(names.get(i, str(i)) for i in waits)}
    record = {"flow_run": str(flow_run.id), "states": states, "prefect": tasks}
    write_json(root / "runs" / "flow" / f"flow-{name}.json", record)
