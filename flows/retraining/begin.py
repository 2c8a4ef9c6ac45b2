"""Step `begin`: the base commit, the run's worktree on it, and the reference for drift."""

import contextlib
import shutil
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import new_dir
from components.core.git import git
from components.lineage.verify import pinned
from flows.retraining import worktree
from flows.retraining.context import CommandError, Context, RejectedError

FEATURES = Path("artifacts/features")
PIN, LISTING, LOCK = Path("data.dvc"), Path("data.md5"), Path("dvc.lock")
LIVES_IN_WORKTREE = ["fetch", "features", "drift", "decide", "reproduce", "audit", "gate"]


def begin(context: Context) -> dict[str, Any]:
    """Choose the base and make the worktree; returns what the run starts from.

    Raises:
        RejectedError: the branch has diverged or is checked out, or the base has no reproduced products.

    """
    branch = context.journal.parameters["settings"]["branch"]
    try:
        base = worktree.base_commit(context.root, branch)
    except DataError as error:
        raise RejectedError(str(error)) from None
    make_ready(context, base)
    _, md5 = pinned(context.worktree / PIN)
    return {"base": base, "branch_tip": worktree.tip(context.root, branch), "data": md5}


def make_ready(context: Context, commit: str) -> None:
    """A whole worktree of this run at `commit`, its products checked out, the base's features kept aside."""
    worktree.make(context.root, context.worktree, commit)
    check_out(context)
    reference = context.journal.folder / "reference"
    if not reference.is_dir():
        with new_dir(reference) as scratch:
            shutil.copytree(context.worktree / FEATURES, scratch, dirs_exist_ok=True)
    worktree.mark(context.worktree, context.journal.id)


def check_out(context: Context) -> None:
    """Data and products of the worktree's commit, from the shared cache, else from the DVC remote.

    What a run cannot do without is the data and its features; other products that are missing are made again.
    """
    try:
        context.dvc("checkout", "checkout")
    except CommandError as local:
        context.say("begin: DVC's cache lacks products of the base: they are fetched, or made again")
        if has_remote(context):
            with contextlib.suppress(CommandError):  # what matters is asked for below
                context.dvc("pull", "pull")
        check_needed(context, str(local))
    if not (context.worktree / FEATURES / "identity.json").is_file():
        raise RejectedError(
            f"the base commit has no {FEATURES}, the reference for drift: `make reproduce`, commit dvc.lock"
        )


def check_needed(context: Context, said: str) -> None:
    """The worktree's data is whole: a part of it must not be pinned as the new data.

    Raises:
        RejectedError: it is not.

    """
    try:
        context.python("verify-data", "components.lineage", "verify-data")
    except CommandError as error:
        raise RejectedError(
            f"the base's data is neither in DVC's cache nor on its remote: `dvc pull` first ({error}; {said})"
        ) from None


def has_remote(context: Context) -> bool:
    """Whether DVC has a default remote."""
    from dvc.repo import Repo

    with Repo(str(context.worktree)) as repo:
        return bool(repo.config["core"].get("remote"))


def pick_up(context: Context) -> None:
    """Before an open run goes on: mend what the killed one left, or redo what lay in a lost worktree."""
    began, committed = context.journal.result("begin"), context.journal.result("commit")
    if began is None:
        return
    if worktree.is_ready(context.worktree, context.journal.id):
        worktree.mend(context.root, context.worktree, context.journal.parameters["settings"]["branch"])
    elif committed is None:
        context.say("the worktree of the interrupted run is gone: its steps are done again")
        context.journal.forget(LIVES_IN_WORKTREE)
        make_ready(context, began["base"])
    else:
        make_ready(context, committed["commit"])


def base_file(context: Context, path: Path) -> str:
    """A file of the base commit, as text."""
    return git(context.root, "show", f"{context.journal.need('begin')['base']}:{path}")
