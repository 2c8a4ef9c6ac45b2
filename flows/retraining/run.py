"""The order of the steps, which of them apply, and what the failure of one means for the run."""

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from components.core.errors import DataError, InternalError
from components.core.git import git
from flows.retraining import candidate, drift, ending, journal, publish
from flows.retraining.begin import begin, pick_up
from flows.retraining.context import Context, RejectedError
from flows.retraining.decide import RETRAIN
from flows.retraining.fetch import fetch
from flows.retraining.journal import Journal
from flows.retraining.settings import IMPORT, Settings
from flows.retraining.sources import S3

Json = dict[str, Any]
Step = Callable[[Context], Json]
SKIPPED = "Skipped"
NOBODY = ("streamo retrain", "retrain@localhost")  # who commits where git has no identity

BEFORE: dict[str, Step] = {"begin": begin, "fetch": fetch, "features": drift.features, "drift": drift.drift,
                           "decide": drift.choose}  # fmt: skip
MAKING: dict[str, Step] = {"reproduce": candidate.reproduce}
JUDGING: dict[str, Step] = {
    "audit": candidate.audit,
    "gate": candidate.gate,
    "commit": publish.commit,
    "register": publish.register,
    "stage": publish.stage,
    "branch": publish.branch,
    "push": publish.push,
}
CLOSING: dict[str, Step] = {"notify": ending.notify, "end": ending.end}
STEPS: dict[str, Step] = {**BEFORE, **MAKING, **JUDGING, **CLOSING}


def open_or_create(root: Path, parameters: Json, settings: Settings, say: Callable[[str], None]) -> Journal:
    """The open run, with its own parameters, else a new one with these."""
    if found := journal.open_journal(root):
        asked = {key: found.parameters[key] for key in parameters}
        say(f"retrain: picks up run {found.id} ({asked})")
        if asked != parameters:
            say(f"retrain: this call's parameters ({parameters}) are not used; call again when it is over")
        return found
    whole = {**parameters, "settings": asdict(settings), "identity": identity(root)}
    return journal.create(root, whole, dt.datetime.now(dt.UTC))


def identity(root: Path) -> list[str]:
    """Name and mail address for the commit: those of git, else a made-up one."""
    try:
        return [git(root, "config", "user.name"), git(root, "config", "user.email")]
    except DataError:
        return list(NOBODY)


def parameters(
    root: Path, settings: Settings, reason: str, source: str | None, sessions: list[str] | None
) -> Json:
    """What a run is asked for, paths made absolute; what the call does not name is params.yaml's."""
    chosen = source if source is not None else settings.source
    if chosen not in (None, IMPORT) and not str(chosen).startswith(S3):
        chosen = str(absolute(root, str(chosen)))
    logs = sessions if sessions is not None else list(settings.sessions)
    return {"reason": reason, "source": chosen, "sessions": [str(absolute(root, log)) for log in logs]}


def absolute(root: Path, path: str) -> Path:
    """A path of a parameter, relative to the main working tree."""
    found = Path(path).expanduser()
    return found if found.is_absolute() else root / found


def applies(step: str, run: Journal) -> bool:
    """Whether a step is part of this run, by what the steps before it found."""
    if step in CLOSING:
        return True
    if run.rejected is not None:
        return False
    if step in BEFORE:
        return True
    if run.need("decide")["what"] != RETRAIN:
        return False
    return step in MAKING or ending.repeated(run) is None


def perform(context: Context, step: str) -> Json:
    """Do one step and note its result.

    Raises:
        RejectedError: the data or the call is wrong; noted in the journal, the run ends as failed.
        DataError: anything else: the run stays open, and the next call goes on at this step.
        InternalError: the same, by the fault of this machine.

    """
    try:
        result = STEPS[step](context)
    except DataError as error:
        # Until something is made of the data there is nothing to lose: any failure ends the run.
        if isinstance(error, RejectedError) or step in ("begin", "fetch"):
            context.journal.reject(step, str(error))
            raise RejectedError(str(error)) from error
        raise
    except OSError as error:  # a full disk, a folder that may not be written
        raise InternalError(f"{step}: {error}; the run stays open: mend that and run again") from error
    if step != "end":  # the run is closed: its journal is not written any more
        context.journal.finish(step, result)
    return result


def abandon(root: Path, why: str, say: Callable[[str], None]) -> Json | None:
    """Close the open run as failed; None if none is open."""
    found = journal.open_journal(root)
    if found is None:
        return None
    found.reject("abandoned", why)
    context = Context(root, found, say)
    return perform(context, "end")


def prepare(context: Context) -> None:
    """Mend what an interrupted run left, where steps are to come that work in its worktree."""
    run = context.journal
    if any(step not in CLOSING and applies(step, run) for step in remaining(context)):
        pick_up(context)


def remaining(context: Context) -> list[str]:
    """Every step that is not over, in order."""
    return [step for step in STEPS if context.journal.result(step) is None]
