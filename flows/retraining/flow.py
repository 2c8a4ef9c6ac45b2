"""The Prefect flow `retrain`: one task a step, named by it."""

import functools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from components.core.errors import DataError, UsageError
from components.core.git import main_tree
from flows.artifacts import Board, show_outcome
from flows.lost import end_with_worker
from flows.outcome import CACHED
from flows.retrain import repository_lock
from flows.retraining.context import Context, RejectedError
from flows.retraining.ending import FAILED
from flows.retraining.run import (
    SKIPPED,
    STEPS,
    applies,
    open_or_create,
    parameters,
    perform,
    prepare,
    remaining,
)
from flows.retraining.settings import REASONS, read_settings

Json = dict[str, Any]


# json: Prefect stores the exception of a failed flow whatever persist_result says, by default as a pickle.
@flow(name="retrain", log_prints=False, persist_result=False, result_serializer="json")
def retrain(reason: str = "scheduled", source: str | None = None, sessions: list[str] | None = None) -> Json:
    """Retrain the repository of the current folder, or say why not.

    Args:
        reason: `forced`, `scheduled` or `drifted`.
        source: where new data is (default: params retrain.source).
        sessions: session logs of the live service (default: params retrain.sessions).

    Returns:
        The run's outcome (docs/architecture.md).

    Raises:
        DataError: the run failed, or another one holds the repository.
        UsageError: a parameter is wrong.

    """
    if reason not in REASONS:
        raise UsageError(f"reason {reason!r}: expected one of {', '.join(REASONS)}")
    end_with_worker()
    root = main_tree(Path.cwd())
    settings = read_settings(root)
    asked = parameters(root, settings, reason, source, sessions)
    with repository_lock(root, settings.wait_s):
        say = speaker()
        context = Context(root, open_or_create(root, asked, settings, say), say)
        try:
            outcome = drive(context)
        except BaseException:  # a signal reaches the main thread here: nothing may outlive the flow
            context.stop()
            raise
    if outcome["decision"] == FAILED:
        raise DataError(f"{outcome['reason']}; next: {outcome['next']}")
    return outcome


def speaker() -> Callable[[str], None]:
    """Prints lines for people: into the flow run's log where Prefect keeps one, else on standard output.

    The logger is taken here, in the flow's thread; lines of child processes come from other threads.
    """
    logger = get_run_logger()
    if logger.isEnabledFor(logging.INFO):
        return logger.info
    return functools.partial(print, flush=True)


def drive(context: Context) -> Json:
    """Every step in order; returns the outcome."""
    prepare(context)
    board = Board(context.say)
    left, outcome = remaining(context), Json()
    for number, step in enumerate(STEPS):
        board.show_progress(number, len(STEPS), step)
        try:
            outcome = run_step(context, step, over=step not in left)
        except RejectedError as error:
            context.say(f"[{step}] {error}")
    board.show_progress(len(STEPS), len(STEPS), "over")
    show_outcome(board, outcome)
    for page in sorted((context.journal.folder / "drift").glob("*.html")):
        board.show_link(f"drift-{page.stem}", page, f"Evidently: drift of {page.stem}")
    return outcome


def run_step(context: Context, step: str, *, over: bool) -> Json:
    """One Prefect task run: Completed, Cached (an interrupted run had done it), Skipped or Failed."""
    result = Json()

    @task(name=step, task_run_name=step, cache_policy=NO_CACHE, persist_result=False, retries=0)
    def body() -> State[Any]:
        if over:
            return Completed(name=CACHED, message="done before the interruption")
        if not applies(step, context.journal):
            return Completed(name=SKIPPED, message="not part of this run")
        context.say(f"[{step}]")
        result.update(perform(context, step))
        return Completed(message="done")

    body()
    return result
