"""Registration where others work too: clones, worktrees, two at once, tags and locks of another hand."""

import subprocess
import sys

import pytest

from components.core.errors import DataError
from components.registry.registration import register
from components.registry.settings import STORE_VARIABLE, read_settings
from components.registry.store import open_store
from components.registry.versions import versions

FIRST = ["streamo#candidate#1", "streamo@v0.0.1"]


def test_a_number_that_another_clone_published_is_not_taken_over(repo, tmp_path, monkeypatch):
    other = repo.clone(tmp_path / "other")
    register(repo.root)
    other.make("theirs")
    register(other.root)
    monkeypatch.setenv(STORE_VARIABLE, str(other.root / "registry/store"))
    with pytest.raises(DataError, match=r"v0\.0\.1 is commit .* here, but commit .* delete the tags"):
        register(repo.root)


def test_the_same_commit_in_two_clones_is_one_version(repo, tmp_path, monkeypatch):
    other = repo.clone(tmp_path / "other")
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "store"))
    assert register(repo.root).version == register(other.root).version == "v0.0.1"
    assert other.tags() == FIRST


def run_at_once(*repos, **extra):
    command = [sys.executable, "-m", "components.cli.main", "register", "--json"]
    children = [
        subprocess.Popen(command, cwd=repo.root, env={**repo.env, **extra}, stdout=subprocess.PIPE, text=True)
        for repo in repos
    ]
    said = [child.communicate(timeout=120)[0] for child in children]
    assert [child.returncode for child in children] == [0] * len(children)
    return said


def test_two_registers_at_once_make_one_version(repo):
    first, second = run_at_once(repo, repo)
    assert first == second
    assert repo.tags() == FIRST and open_store(read_settings(repo.root).store).versions() == ["v0.0.1"]


def test_two_clones_at_once_get_two_numbers(repo, tmp_path, monkeypatch):
    other = repo.clone(tmp_path / "other")
    other.make("theirs")
    run_at_once(repo, other, **{STORE_VARIABLE: str(tmp_path / "store")})
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "store"))
    assert open_store(tmp_path / "store").versions() == ["v0.0.1", "v0.0.2"]
    tags = [tag for clone in (repo, other) for tag in clone.tags() if "@" in tag]
    assert sorted(tags) == ["streamo@v0.0.1", "streamo@v0.0.2"]
    assert [v.note for v in versions(repo.root)].count("no tag here (git fetch --tags)") == 1


def test_a_worktree_shares_tags_and_store_with_the_main_tree(repo, tmp_path):
    tree = tmp_path / "runs/worktree"
    repo.git("worktree", "add", "-q", "--detach", str(tree))
    here = type(repo)(tree)
    here.make("in the worktree")
    version = register(tree)
    assert versions(repo.root) == versions(tree) == [version]
    assert (repo.root / "registry/store/versions/v0.0.1.json").is_file() and not (tree / "registry").exists()


def test_a_lock_that_a_killed_git_left_is_named(repo):
    lock = repo.root / ".git/refs/tags/streamo@v0.0.1.lock"
    lock.write_text("")
    with pytest.raises(DataError, match=r"streamo@v0\.0\.1\.lock.* delete it"):
        register(repo.root)
    lock.unlink()
    assert register(repo.root).version == "v0.0.1"


def test_tags_of_another_hand_are_named(repo):
    register(repo.root)
    repo.git("tag", "streamo@v0.0.7")
    with pytest.raises(DataError, match=r"streamo@v0\.0\.7: not annotated"):
        versions(repo.root)
    repo.git("tag", "-d", "streamo@v0.0.7")
    repo.git("tag", "-a", "-m", "x", "streamo#champion!#9")
    with pytest.raises(DataError, match="neither unassigns nor deregisters"):
        versions(repo.root)
