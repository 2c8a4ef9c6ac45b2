"""The repository that faults are planted in."""

from pathlib import Path

import pytest

from tests.support.toy_dag import Toy, copy_toy, make_toy


@pytest.fixture(scope="session")
def new_toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """A small DVC repository in which nothing has run: copy it, never change it."""
    return make_toy(tmp_path_factory.mktemp("new") / "toy")


@pytest.fixture(scope="session")
def done_toy(new_toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """The same after `dvc repro`: copy it, never change it."""
    done = copy_toy(new_toy, tmp_path_factory.mktemp("done") / "toy")
    done.run("dvc", "repro", "-q")
    return done


@pytest.fixture
def toy(new_toy: Toy, tmp_path: Path) -> Toy:
    """A fresh small DVC repository; nothing has run in it."""
    return copy_toy(new_toy, tmp_path / "toy")


@pytest.fixture
def done(done_toy: Toy, tmp_path: Path) -> Toy:
    """A small DVC repository in which every stage has run."""
    return copy_toy(done_toy, tmp_path / "toy")
