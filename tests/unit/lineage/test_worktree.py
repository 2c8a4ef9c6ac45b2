"""A worktree at a commit, with the checkout's DVC cache and remotes."""

import stat
import subprocess
from pathlib import Path

import pytest

from components.core.errors import DataError
from components.core.git import git, head
from components.lineage.lockfile import dvc_repo
from components.lineage.worktree import knows_commit, share_dvc, worktree_at

CONFIG = """\
[core]
    remote = hub
['remote "hub"']
    url = ../../hub
['remote "cloud"']
    url = s3://bucket/prefix
"""
IDENTITY = ["-c", "user.email=a@example.org", "-c", "user.name=a"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with two commits and a DVC remote by a relative address, its key in the local settings."""
    from dvc.repo import Repo

    root = tmp_path / "checkout"
    root.mkdir()
    git(root, "init", "-q")
    Repo.init(str(root)).close()
    (root / ".dvc/config").write_text(CONFIG)
    (root / ".dvc/config.local").write_text("['remote \"cloud\"']\n    secret_access_key = planted\n")
    (root / ".gitignore").write_text("runs/\n")
    for text in ("one", "two"):
        (root / "code.txt").write_text(text)
        git(root, "add", "-A")
        git(root, *IDENTITY, "commit", "-qm", text)
    return root


def test_a_worktree_has_the_tracked_files_of_its_commit_and_no_others(root: Path) -> None:
    tree, first = root / "runs/tree", git(root, "rev-parse", "HEAD~1")
    worktree_at(root, tree, first)
    assert (tree / "code.txt").read_text() == "one"
    (tree / "code.txt").write_text("edited")
    (tree / "untracked.txt").write_text("")
    (tree / "runs").mkdir()
    (tree / "runs/kept.txt").write_text("")
    worktree_at(root, tree, head(root))
    assert (tree / "code.txt").read_text() == "two"
    assert not (tree / "untracked.txt").exists()
    assert (tree / "runs/kept.txt").exists()
    assert (root / "code.txt").read_text() == "two"


def test_what_a_killed_job_left_is_made_anew(root: Path) -> None:
    tree = root / "runs/tree"
    worktree_at(root, tree, head(root))
    git_dir = Path(git(tree, "rev-parse", "--absolute-git-dir"))
    (git_dir / "index.lock").write_text("")  # of a git that was killed
    (tree / "code.txt").unlink()
    worktree_at(root, tree, head(root))
    assert (tree / "code.txt").read_text() == "two"


def test_dvc_has_the_same_cache_and_remotes_there(root: Path) -> None:
    tree = root / "runs/tree"
    worktree_at(root, tree, head(root))
    for _ in range(2):
        share_dvc(root, tree)
        with dvc_repo(root) as ours, dvc_repo(tree) as theirs:
            assert theirs.cache.local.path == ours.cache.local.path
            assert theirs.config["core"]["remote"] == "hub"
            assert theirs.config["remote"]["hub"]["url"] == str(root.parent / "hub")
            assert theirs.config["remote"]["cloud"]["url"] == "s3://bucket/prefix"
            assert theirs.config["remote"]["cloud"]["secret_access_key"] == "planted"
    mode = stat.S_IMODE((tree / ".dvc/config.local").stat().st_mode)
    assert mode == 0o600
    assert git(tree, "status", "--porcelain") == ""


def test_known_commits_are_those_a_branch_or_head_holds(root: Path) -> None:
    assert knows_commit(root, head(root))
    assert knows_commit(root, git(root, "rev-parse", "HEAD~1"))
    assert not knows_commit(root, "0" * 40)
    lost = git(root, *IDENTITY, "commit-tree", "-m", "lost", "HEAD^{tree}")
    assert not knows_commit(root, lost), "an object that no branch holds may be gone tomorrow"


@pytest.mark.parametrize("commit", ["main", "--all", "", "0" * 39])
def test_what_is_no_commit_hash_is_refused(root: Path, commit: str) -> None:
    with pytest.raises(DataError, match="no full commit hash"):
        knows_commit(root, commit)


def test_the_commit_of_a_detached_head_is_known(root: Path) -> None:
    git(root, "checkout", "-q", "--detach")
    subprocess.run(["git", *IDENTITY, "commit", "-q", "--allow-empty", "-m", "x"], cwd=root, check=True)
    assert knows_commit(root, head(root))
