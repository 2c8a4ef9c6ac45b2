"""The run's own git worktree: on which commit it stands, with which cache, and how it is made and mended."""

import contextlib
import shutil
from pathlib import Path

from components.core.errors import DataError
from components.core.files import write_text
from components.core.git import common_dir, git, head
from components.lineage.pathlock import mend_path_locks
from components.lineage.worktree import share_dvc

MARKER = Path(".scratch/retrain-id")  # written last: a worktree with it is whole, and whose it is


def tip(root: Path, branch: str) -> str | None:
    """The commit a local branch points at, None where there is no such branch."""
    return git(root, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}") or None


def is_ancestor(root: Path, older: str, newer: str) -> bool:
    """Whether `newer` contains `older` (a commit contains itself)."""
    try:
        return git(root, "merge-base", older, newer) == older
    except DataError:  # they share no history
        return False


def base_commit(root: Path, branch: str) -> str:
    """The commit to start from: the branch's where that holds all of HEAD, else HEAD.

    Raises:
        DataError: each has commits the other lacks, or the branch is checked out somewhere, so that moving it
            would change a working tree under its owner.

    """
    for path, checked_out in worktrees(root):
        if checked_out == f"refs/heads/{branch}":
            raise DataError(
                f"branch {branch} is checked out in {path}, but retraining moves it: `git switch` there"
            )
    here, there = head(root), tip(root, branch)
    if there is None or is_ancestor(root, there, here):
        return here
    if is_ancestor(root, here, there):
        return there
    raise DataError(
        f"branch {branch} ({there[:12]}) and HEAD of {root} ({here[:12]}) have diverged; take the retrained "
        f"data and lock into your branch: `git merge {branch}`, then run again"
    )


def worktrees(root: Path) -> list[tuple[Path, str]]:
    """Every working tree of the repository with the full name of its branch (empty where detached)."""
    found = []
    for block in git(root, "worktree", "list", "--porcelain").split("\n\n"):
        fields = dict(line.partition(" ")[::2] for line in block.splitlines())
        if "worktree" in fields:
            found.append((Path(fields["worktree"]), fields.get("branch", "")))
    return found


def is_ready(worktree: Path, run_id: str) -> bool:
    """Whether the worktree is whole and belongs to this run."""
    marker = worktree / MARKER
    return marker.is_file() and marker.read_text(encoding="utf-8").strip() == run_id


def make(root: Path, worktree: Path, commit: str) -> None:
    """A fresh worktree at `commit` (detached) that shares the main tree's DVC cache and knows its remotes."""
    remove(root, worktree)
    git(root, "worktree", "add", "--force", "--force", "--detach", str(worktree), commit)
    share_dvc(root, worktree)


def mark(worktree: Path, run_id: str) -> None:
    """Say that the worktree is whole."""
    write_text(worktree / MARKER, run_id + "\n")


def remove(root: Path, worktree: Path) -> None:
    """Delete the worktree and what git knows of it; also one that a killed run left half made."""
    shutil.rmtree(worktree, ignore_errors=True)
    if worktree.exists():
        raise DataError(f"{worktree}: cannot be removed; delete it by hand and run again")
    with contextlib.suppress(DataError):  # git does not know it, or it is not locked
        git(root, "worktree", "unlock", str(worktree))
    git(root, "worktree", "prune")


def mend(root: Path, worktree: Path, branch: str) -> None:
    """Remove locks that a killed run left: only this flow works in the worktree and moves the branch."""
    private = Path(git(worktree, "rev-parse", "--absolute-git-dir"))
    for path in (
        private / "index.lock",
        private / "HEAD.lock",
        common_dir(root) / f"refs/heads/{branch}.lock",
    ):
        path.unlink(missing_ok=True)
    mend_path_locks(worktree)
