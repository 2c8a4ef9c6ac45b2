"""The Prefect flow `run-stage`, which a worker on another machine runs: one stage, its answer as an artifact.

The folder a worker starts it in is that machine's checkout (pull step of the deployment).
"""

import os
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.runtime import flow_run

from components.core.process import SUPERVISOR, die_with_parent
from components.lineage.job import check_job
from flows.answer import answer_key, render_answer
from flows.beats import Beats
from flows.remote_job import RemoteJob


# json: Prefect stores the exception of a failed flow whatever persist_result says, by default as a pickle.
@flow(name="run-stage", log_prints=False, persist_result=False, result_serializer="json", retries=0)
def run_stage(job: dict[str, Any]) -> None:
    """Run one stage as the job says (components/lineage/job.py); its entry of dvc.lock becomes an artifact.

    Ends with the worker that started it, and with it everything below. Not with the flow that asked for it: a
    job whose flow was killed goes on to its end, and the next flow that asks for the same finds it.

    Raises:
        DataError: see `RemoteJob.run`.

    """
    os.environ.pop(SUPERVISOR, None)  # of whoever started the worker; this process is its own supervisor
    die_with_parent()
    wanted = check_job(job)
    with Beats(wanted["address"], str(flow_run.id)) as beats:
        run = RemoteJob(Path.cwd(), wanted, beats.line)
        beats.on_end = run.stop
        try:
            entry = run.run()
        except BaseException:  # a signal reaches the main thread here: nothing may outlive the flow
            run.stop()
            raise
    create_markdown_artifact(
        render_answer(wanted, entry), key=answer_key(wanted["address"]), description="entry of dvc.lock"
    )
