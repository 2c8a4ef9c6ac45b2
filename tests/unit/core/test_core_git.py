"""Questions to git: worktrees, files of a commit, times; refusals in git's own words."""

import subprocess

import pytest

from components.core.errors import DataError, InternalError
from components.core.git import commit_time, common_dir, git, git_bytes, head, main_tree


@pytest.fixture
def root(tmp_path, monkeypatch):
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "tester")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "tester@example.org")
        monkeypatch.setenv(f"GIT_{role}_DATE", "2026-02-03T04:05:06+02:00")
    folder = tmp_path / "main"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"\x00\n\n")
    git(folder, "init", "-q")
    git(folder, "add", "a.txt")
    git(folder, "commit", "-qm", "first")
    return folder


def test_a_file_of_a_commit_is_given_byte_for_byte(root):
    (root / "a.txt").write_bytes(b"edited")
    assert git_bytes(root, "show", f"{head(root)}:a.txt") == b"\x00\n\n"


def test_the_time_of_a_commit_is_in_utc(root):
    assert commit_time(root, head(root)) == "2026-02-03T02:05:06Z"


def test_a_linked_worktree_knows_its_main_tree(root, tmp_path):
    linked = tmp_path / "linked"
    git(root, "worktree", "add", "-q", "--detach", str(linked))
    assert main_tree(linked) == main_tree(root) == root
    assert common_dir(linked) == common_dir(root) == root / ".git"


def test_the_main_tree_of_a_bare_repository_is_itself(root, tmp_path):
    bare, linked = tmp_path / "bare.git", tmp_path / "of-bare"
    git(tmp_path, "clone", "-q", "--bare", str(root), str(bare))
    git(bare, "worktree", "add", "-q", "--detach", str(linked))
    assert main_tree(linked) == bare


def test_a_hook_does_not_redirect_the_question(root, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert common_dir(root) == root / ".git"


def test_a_refusal_is_in_the_words_of_git(root, tmp_path):
    with pytest.raises(DataError, match=r"git show HEAD:none\.txt .*none\.txt"):
        git(root, "show", "HEAD:none.txt")
    (tmp_path / "plain").mkdir()
    with pytest.raises(DataError, match="not a git repository"):
        head(tmp_path / "plain")
    with pytest.raises(InternalError, match="not found"):
        git(tmp_path / "nowhere", "status")


def test_standard_input_reaches_git(root):
    blob = subprocess.run(["git", "hash-object", "a.txt"], cwd=root, capture_output=True, check=True).stdout
    assert git_bytes(root, "hash-object", "--stdin", stdin=b"\x00\n\n") == blob
