"""The few questions asked of git, by its own command: the commit, its files, where the main tree is."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from components.core.errors import DataError, InternalError

# Set by git around hooks: they would send every question to another repository than the one at `root`.
REDIRECTS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")


def git_bytes(root: Path, *argv: str, stdin: bytes = b"") -> bytes:
    """Standard output of `git ARGV` run in `root`, given `stdin`.

    Raises:
        DataError: git says no; the message is its own.
        InternalError: git is not installed.

    """
    environment = {key: value for key, value in os.environ.items() if key not in REDIRECTS}
    try:
        done = subprocess.run(
            ["git", *argv], cwd=root, env=environment, input=stdin, capture_output=True, check=False
        )
    except FileNotFoundError as error:
        missing = "git" if Path(root).is_dir() else root
        raise InternalError(f"{missing}: not found ({error})") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip() or f"exit {done.returncode}"
        raise DataError(f"git {' '.join(argv)} in {root}: {said}")
    return done.stdout


def git(root: Path, *argv: str) -> str:
    """`git_bytes` as text, without the newline at its end."""
    return git_bytes(root, *argv).decode("utf-8").rstrip("\n")


def head(root: Path) -> str:
    """The 40 hex digits of the checked-out commit."""
    return git(root, "rev-parse", "--verify", "HEAD^{commit}")


def commit_time(root: Path, commit: str) -> str:
    """When a commit was made (its committer's clock), in UTC: `2026-01-31T12:00:00Z`."""
    seconds = int(git(root, "show", "--no-patch", "--no-show-signature", "--format=%ct", commit))
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def common_dir(root: Path) -> Path:
    """The folder with the refs and objects that all worktrees of a repository share."""
    return Path(git(root, "rev-parse", "--path-format=absolute", "--git-common-dir"))


def main_tree(root: Path) -> Path:
    """The main working tree of `root`'s repository: its own, unless `root` is a linked worktree.

    Linked worktrees (`git worktree add`) share what lies beside the main tree; of a bare repository it is the
    repository itself.
    """
    common = common_dir(root)
    if Path(git(root, "rev-parse", "--absolute-git-dir")) == common:
        return Path(git(root, "rev-parse", "--show-toplevel"))
    return common.parent if common.name == ".git" else common
