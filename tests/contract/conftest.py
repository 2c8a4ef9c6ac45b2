"""A small repository to compare the flow with DVC in."""

from pathlib import Path

import pytest

from tests.support.toy_dag import Toy, make_toy


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """A fresh small DVC repository; nothing has run in it."""
    return make_toy(tmp_path / "toy")
