"""One table of derived features for every test of the room."""

import pytest

from components.monitor.tables import Features
from components.protocol.turns import Dialogue
from tests.support.drifting import world_dialogues, world_features


@pytest.fixture(scope="session")
def dialogues(tmp_path_factory: pytest.TempPathFactory) -> list[Dialogue]:
    """The stream dialogues of 200 videos of the embedded world."""
    return world_dialogues(tmp_path_factory.mktemp("world"), clips=200)


@pytest.fixture(scope="session")
def world(dialogues: list[Dialogue]) -> Features:
    """Their derived features."""
    return world_features(dialogues)
