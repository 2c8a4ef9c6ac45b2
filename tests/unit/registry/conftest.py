"""A repository with one committed candidate, built once a session and copied for every test."""

from pathlib import Path

import pytest

from components.registry.settings import STORE_VARIABLE
from tests.support.registry_repo import Repo, copy_repo, make_repo


@pytest.fixture(scope="session")
def built_repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = make_repo(tmp_path_factory.mktemp("registry") / "repo")
    repo.make("one")
    return repo


@pytest.fixture
def repo(built_repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.delenv(STORE_VARIABLE, raising=False)
    return copy_repo(built_repo, tmp_path / "repo")
