"""Runs whose machine or worker died are ended by the server; else they would hold their slot for ever.

A run under a worker gives a heartbeat; when none comes for LOST_AFTER_S, an automation of the server sets it
to Crashed. And a run ends with the worker that started it: nobody would hear of its result.
"""

import datetime as dt
import os

from components.core.process import die_with_parent

LOST_AFTER_S = 300  # longer than Prefect's own default between two heartbeats, 180 s
NAME = "streamo: a run without a sign of life has crashed"
CHECKOUT = "STREAMO_CHECKOUT"  # set by flows.worker: this process was started by one


def end_with_worker() -> None:
    """In a run that a worker started: the kernel kills this process when the worker dies (main thread)."""
    if CHECKOUT in os.environ:
        die_with_parent()


def watch_for_lost_runs() -> None:
    """Make the automation on the server, once."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.objects import StateType
    from prefect.events.actions import ChangeFlowRunState
    from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
    from prefect.events.schemas.events import ResourceSpecification

    beat, run = "prefect.flow-run.heartbeat", "prefect.flow-run."
    wanted = AutomationCore(
        name=NAME,
        trigger=EventTrigger(
            posture=Posture.Proactive,
            after={beat},
            expect={beat, *(run + end for end in ("Completed", "Failed", "Cancelled", "Crashed"))},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            for_each={"prefect.resource.id"},
            threshold=1,
            within=dt.timedelta(seconds=LOST_AFTER_S),
        ),
        actions=[
            ChangeFlowRunState(
                name="Crashed",
                state=StateType.CRASHED,
                message=f"no sign of life for {LOST_AFTER_S} s: its worker or machine died; run it again",
                force=False,
            )
        ],
    )
    with get_client(sync_client=True) as client:
        if not client.read_automations_by_name(NAME):
            client.create_automation(wanted)
