"""Step `begin`: the base commit, the run's worktree on it, and the reference for drift."""

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
    """Data and products of the worktree's commit, from the shared cache, else from the DVC remote."""
    try:
        context.dvc("checkout", "checkout", "--quiet")
    except CommandError as local:
        try:
            context.dvc("pull", "pull", "--quiet")
        except CommandError as remote:
            raise RejectedError(
                f"data or products of the base commit are neither in DVC's cache nor on a remote: run "
                f"`make reproduce` here and commit dvc.lock, or `dvc pull` ({local}; {remote})"
            ) from None
    if not (context.worktree / FEATURES).is_dir():
        raise RejectedError(
            f"the base commit has no {FEATURES}: run `make reproduce`, commit dvc.lock, and run again"
        )


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
