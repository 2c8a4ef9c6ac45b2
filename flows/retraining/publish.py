"""Steps `commit`, `register`, `stage`, `branch` and `push`: the candidate enters history, each step once.

Nothing here depends on the clock: a step done again finds its own work, and the commit gets the same hash.
"""

import os
import subprocess
from typing import Any

from components.core.errors import DataError
from components.core.files import write_text
from components.core.git import git
from components.core.process import start_group
from flows.retraining import worktree
from flows.retraining.begin import LISTING, LOCK, PIN, has_remote
from flows.retraining.candidate import PROMOTE
from flows.retraining.context import Context, json_object
from flows.retraining.message import commit_message

Json = dict[str, Any]
CHAMPION, ARCHIVED = "champion", "archived"


def commit(context: Context) -> Json:
    """data.dvc, data.md5 and dvc.lock as one commit on the base, on no branch yet.

    Raises:
        DataError: something else in the worktree differs from the base.

    """
    here, base = context.worktree, context.journal.need("begin")["base"]
    git(here, "read-tree", base)
    git(here, "add", "--", *[path.as_posix() for path in (PIN, LISTING, LOCK) if (here / path).is_file()])
    tree = git(here, "write-tree")
    made = base if tree == git(here, "rev-parse", f"{base}^{{tree}}") else make_commit(context, tree, base)
    git(here, "reset", "--quiet", made)
    if odd := git(here, "status", "--porcelain"):
        raise DataError(
            f"{here}: a stage or a command changed files of the repository: {odd}; the run stays open"
        )
    return {"commit": made, "new": made != base, "tree": tree}


def make_commit(context: Context, tree: str, base: str) -> str:
    """The commit object; its message, dates and identity come from the journal, so its hash does too."""
    message = context.journal.folder / "message.txt"
    write_text(message, commit_message(context.journal))
    name, email = context.journal.parameters["identity"]
    dates = {f"GIT_{role}_DATE": context.journal.started_at for role in ("AUTHOR", "COMMITTER")}
    who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in
           (("NAME", name), ("EMAIL", email))}  # fmt: skip
    words = ["git", "commit-tree", "--no-gpg-sign", tree, "-p", base, "-F", str(message)]
    process = start_group(words, env={**os.environ, **who, **dates}, cwd=context.worktree,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    made, said = process.communicate()
    if process.returncode:
        raise DataError(f"git commit-tree: {said.strip()}")
    return made.strip()


def register(context: Context) -> Json:
    """The commit becomes a version; of a commit that is one, its version."""
    gate = context.journal.folder / "gate.json"
    said = json_object(
        context.streamo("register", "register", "--gate", str(gate), "--json"), "streamo register"
    )
    return {"version": said["version"]}


def stage(context: Context) -> Json:
    """`champion` where the gate says promote, else `archived`; a version that is that already stays so."""
    version = context.journal.need("register")["version"]
    wanted = CHAMPION if promoted(context) else ARCHIVED
    context.streamo("stage", "promote", version, wanted)
    return {"version": version, "stage": wanted}


def promoted(context: Context) -> bool:
    """Whether the gate has let the candidate pass."""
    return bool(context.journal.need("gate")["decision"] == PROMOTE)


def branch(context: Context) -> Json:
    """Move the branch to a promoted commit, only from where the run found it.

    Raises:
        DataError: somebody has moved it since.

    """
    name, made = context.journal.parameters["settings"]["branch"], context.journal.need("commit")["commit"]
    if not promoted(context):
        return {"branch": name, "moved": False}
    before, now = context.journal.need("begin")["branch_tip"], worktree.tip(context.root, name)
    if now is None or not worktree.is_ancestor(context.root, made, now):
        if now != before:
            raise DataError(
                f"branch {name} was at {before}, is now at {now} and lacks {made}: `git merge {made[:12]}` "
                "there, then run again"
            )
        note = f"retrain {context.journal.id}"
        git(context.root, "update-ref", "-m", note, f"refs/heads/{name}", made, before or "0" * len(made))
    return {"branch": name, "moved": True, "commit": made}


def push(context: Context) -> Json:
    """Objects to the DVC remote, then branch and tags to the git remotes: what a tag names can be pulled."""
    settings, made = context.journal.parameters["settings"], context.journal.need("commit")["commit"]
    tags = git(context.root, "tag", "--points-at", made).split()
    refs = [f"refs/tags/{tag}" for tag in tags]
    if promoted(context):
        refs.append(f"refs/heads/{settings['branch']}")
    stored = has_remote(context)
    if stored:
        context.dvc("dvc-push", "push", "--quiet")
    for remote in settings["push"]:
        context.call(f"git-push-{remote}", ["git", "push", "--quiet", remote, *refs], at_home=True)
    if not stored or not settings["push"]:
        missing = [
            name for name, there in (("DVC remote", stored), ("retrain.push", settings["push"])) if not there
        ]
        context.say(f"push: nothing pushed to {' and '.join(missing)}: none configured")
    return {"dvc": stored, "git": list(settings["push"]), "refs": refs}
