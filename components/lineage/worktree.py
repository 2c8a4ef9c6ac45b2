"""A second working tree of the checkout at a given commit, with the checkout's DVC cache and remotes."""

import re
import shutil
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.git import git, head
from components.lineage.lockfile import dvc_repo

COMMIT = re.compile(r"[0-9a-f]{40,64}")


def knows_commit(root: Path, commit: str) -> bool:
    """Whether a branch, tag or remote branch of the checkout holds the commit, or HEAD is it."""
    if not COMMIT.fullmatch(commit):
        raise DataError(f"{commit!r} is no full commit hash")
    if head(root) == commit:
        return True
    try:
        return bool(git(root, "for-each-ref", "--count=1", "--contains", commit))
    except DataError:  # git: no such commit
        return False


def worktree_at(root: Path, tree: Path, commit: str) -> None:
    """Make `tree` a worktree of `root` with exactly the commit's tracked files and no untracked ones.

    Ignored files stay: what an earlier job fetched need not come again. For a holder of the checkout lock.
    """
    if tree.is_dir():
        try:
            git(tree, "checkout", "--quiet", "--force", "--detach", commit)
            git(tree, "clean", "--quiet", "-ffd")
            return
        except DataError:  # half made or half changed by a killed job
            shutil.rmtree(tree)
    git(root, "worktree", "prune")
    git(root, "worktree", "add", "--quiet", "--detach", "--force", str(tree), commit)


def share_dvc(root: Path, tree: Path) -> None:
    """Give a worktree the checkout's DVC cache and remotes, by its git-ignored `.dvc/config.local`.

    Relative addresses are written whole: they are relative to the checkout. The file may hold what the
    checkout's own one holds, so only its owner may read it.
    """
    core: dict[str, Any] = {}
    remotes: dict[str, dict[str, Any]] = {}
    with dvc_repo(root) as main:
        cache = Path(main.cache.local.path)
        for level in ("repo", "local"):
            given = main.config.load_one(level)
            core.update(given["core"])
            for name, remote in given["remote"].items():
                known = remotes.setdefault(name, {})
                # A relative address is read as a whole one, which only plain strings keep.
                known.update({key: str(value) if key == "url" else value for key, value in remote.items()})
    local = tree / ".dvc" / "config.local"
    local.touch(mode=0o600)
    local.write_text("", encoding="utf-8")
    with dvc_repo(tree) as repo, repo.config.edit("local") as config:
        config["core"].update(core)
        config["remote"].update(remotes)
        config["cache"]["dir"] = str(cache.parents[1])  # its objects are in `files/md5` below that
