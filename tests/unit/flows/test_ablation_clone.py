"""The clone that profile `full` runs on: of a committed state, with the checkout's cache, resumable."""

import subprocess
from pathlib import Path

import pytest
from dvc.repo import Repo

from components.core.errors import DataError, UsageError
from components.core.git import git, head
from infra.ablation import clone


def commit(root: Path, steps: int) -> None:
    (root / "params.yaml").write_text(f"steps: {steps}\n")
    for argv in (
        ["add", "-A"],
        ["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *argv], cwd=root, check=True)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    root.mkdir()
    git(root, "init", "--quiet")
    Repo.init(str(root)).close()
    (root / "dvc.yaml").write_text("stages: {}\n")
    commit(root, 1)
    return root


def test_a_clone_shares_the_cache_and_is_taken_up_again(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    clone(source, folder)
    assert head(folder) == head(source)
    with Repo(str(folder)) as repo:
        assert Path(repo.cache.local.path) == source / ".dvc/cache/files/md5"
    (folder / "params.yaml").write_text("steps: 2\n")
    clone(source, folder)
    assert (folder / "params.yaml").read_text() == "steps: 2\n", "an interrupted run goes on where it stopped"


def test_what_is_not_committed_and_a_clone_of_another_commit_are_refused(
    source: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "clone"
    clone(source, folder)
    commit(source, 3)
    with pytest.raises(UsageError, match="no clone of"):
        clone(source, folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="name another folder"):
        clone(source, tmp_path / "empty")
    (source / "params.yaml").write_text("steps: 4\n")
    with pytest.raises(DataError, match="not committed"):
        clone(source, tmp_path / "other")
    assert not (tmp_path / "other").exists()
