"""SIGKILL of `streamo register` at each of its steps: a rerun completes that version and makes no other."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from components.core.hashing import sha256_tree
from components.registry.registration import register
from components.registry.settings import STORE_VARIABLE
from tests.support.registry_repo import Repo, copy_repo, make_repo

ATTEMPTS = 5
STEPS = {
    "first object": "registry/store/objects/*/*",
    "manifest": "registry/store/versions/*.json",
    "version tag": ".git/refs/tags/streamo@v0.0.1",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = make_repo(tmp_path_factory.mktemp("kill") / "repo")
    repo.make("one")
    return repo


def killed_at(repo: Repo, pattern: str) -> bool:
    """Run `streamo register` and kill it as soon as a file of `pattern` is there; False if it was faster."""
    child = subprocess.Popen(
        [sys.executable, "-m", "components.cli.main", "register"],
        cwd=repo.root,
        env=repo.env,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    while child.poll() is None and not any(repo.root.glob(pattern)):
        time.sleep(0.0005)
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
    return child.wait() == -signal.SIGKILL


def state(repo: Repo) -> tuple[list[str], dict[str, str]]:
    """Tags, and every file of the store."""
    store = sha256_tree(repo.root / "registry/store")
    return repo.tags(), {name: sha256 for name, sha256 in store.items() if not name.startswith(".incoming")}


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_registration_is_completed_by_the_next(
    built: Repo, tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(STORE_VARIABLE, raising=False)
    whole = copy_repo(built, tmp_path / "whole")
    register(whole.root)
    for attempt in range(ATTEMPTS):
        repo = copy_repo(built, tmp_path / f"killed-{attempt}")
        if killed_at(repo, STEPS[step]):
            break
    else:
        pytest.fail(f"register was always done before it could be killed after its {step}")
    version = register(repo.root)
    assert (version.version, version.stage, version.note) == ("v0.0.1", "candidate", "")
    assert state(repo) == state(whole)
