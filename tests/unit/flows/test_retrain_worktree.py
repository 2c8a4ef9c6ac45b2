"""The base commit and the run's worktree, with real git and DVC."""

import subprocess
import sys
from pathlib import Path

import pytest

from components.core.errors import DataError
from components.core.git import git
from flows.retrain import repository_lock
from flows.retraining import worktree


def commit(root: Path, name: str) -> str:
    (root / name).write_text(name)
    git(root, "add", "-A")
    git(root, "commit", "-qm", name)
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    top = tmp_path / "repo"
    top.mkdir()
    git(top, "init", "-q", "-b", "main")
    git(top, "config", "user.name", "tester")
    git(top, "config", "user.email", "tester@example.org")
    commit(top, "one")
    return top


def test_without_a_branch_and_behind_head_the_base_is_head(root: Path) -> None:
    assert worktree.base_commit(root, "retrain") == git(root, "rev-parse", "HEAD")
    git(root, "branch", "retrain")
    here = commit(root, "two")
    assert worktree.base_commit(root, "retrain") == here


def test_a_branch_ahead_of_head_is_the_base(root: Path) -> None:
    git(root, "switch", "-qc", "retrain")
    ahead = commit(root, "retrained")
    git(root, "switch", "-q", "main")
    assert worktree.base_commit(root, "retrain") == ahead


def test_diverged_branches_name_the_merge_to_make(root: Path) -> None:
    git(root, "switch", "-qc", "retrain")
    commit(root, "retrained")
    git(root, "switch", "-q", "main")
    commit(root, "edited")
    with pytest.raises(DataError, match=r"diverged.*`git merge retrain`"):
        worktree.base_commit(root, "retrain")
    git(root, "merge", "-q", "--no-edit", "retrain")
    assert worktree.base_commit(root, "retrain") == git(root, "rev-parse", "HEAD")


def test_histories_without_a_common_commit_have_diverged(root: Path) -> None:
    git(root, "switch", "-q", "--orphan", "retrain")
    commit(root, "other")
    git(root, "switch", "-q", "main")
    with pytest.raises(DataError, match="diverged"):
        worktree.base_commit(root, "retrain")


def test_a_branch_that_is_checked_out_is_not_moved_under_its_owner(root: Path) -> None:
    git(root, "switch", "-qc", "retrain")
    with pytest.raises(DataError, match="checked out in"):
        worktree.base_commit(root, "retrain")


@pytest.fixture
def dvc(root: Path) -> Path:
    def run(*words: str) -> None:
        subprocess.run([sys.executable, "-m", "dvc", *words], cwd=root, check=True, capture_output=True)

    run("init", "-q")
    run("remote", "add", "-d", "up", "../up")
    (root / ".gitignore").write_text("runs/\n")
    commit(root, "with dvc")
    return root


def test_a_worktree_shares_the_cache_and_finds_relative_remotes(dvc: Path) -> None:
    tree = dvc / "runs/retrain/worktree"
    worktree.make(dvc, tree, git(dvc, "rev-parse", "HEAD"))
    settings = (tree / ".dvc/config.local").read_text()
    assert str(dvc / ".dvc/cache") in settings
    assert str(dvc.parent / "up") in settings
    assert (tree / ".dvc/config.local").stat().st_mode & 0o077 == 0
    assert not git(tree, "status", "--porcelain")
    assert not worktree.is_ready(tree, "run")
    worktree.mark(tree, "run")
    assert worktree.is_ready(tree, "run") and not worktree.is_ready(tree, "another")


def test_a_half_made_worktree_is_made_anew_and_removed_without_a_trace(dvc: Path) -> None:
    tree, here = dvc / "runs/retrain/worktree", git(dvc, "rev-parse", "HEAD")
    worktree.make(dvc, tree, here)
    (dvc / ".git/worktrees/worktree/locked").write_text("initializing\n")  # as a killed `git worktree add`
    (tree / "one").unlink()
    worktree.make(dvc, tree, here)
    assert (tree / "one").is_file()
    for lock in (".git/worktrees/worktree/index.lock", ".git/refs/heads/retrain.lock"):
        (dvc / lock).write_text("")
    worktree.mend(dvc, tree, "retrain")
    git(dvc, "update-ref", "refs/heads/retrain", here)
    git(tree, "add", "-A")
    worktree.remove(dvc, tree)
    assert not tree.exists() and not (dvc / ".git/worktrees").exists()


def test_one_run_for_all_worktrees_of_a_repository(root: Path) -> None:
    git(root, "worktree", "add", "-q", "--detach", "../linked")
    with repository_lock(root, 0.0):
        refused = pytest.raises(
            DataError, match=r"retraining of this repository is in use by .*the flow retrain"
        )
        with refused, repository_lock(root.parent / "linked", 0.0):
            raise AssertionError("two runs at once")
    with repository_lock(root.parent / "linked", 0.0):
        pass
