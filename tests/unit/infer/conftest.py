import pytest

from components.model.families.registry import FAMILIES
from tests.support.streams import noise_video, unsettle

TEXTS = [
    "what color is the lamp?",
    "how many times did the ball jump?",
    "tell me when the red cube falls",
    "the lamp is red",
    "the ball jumped 3 times from 4s to 9s",
    "Watch the video second by second and answer each question as soon as you can.",
]


def lively(folder, family, seed):
    """A model folder with random weights whose streams show all three states."""
    from components.model.adapter import load
    from components.model.tiny import build_tiny

    adapter = load(build_tiny(folder, TEXTS, seed=seed, family=family))
    unsettle(adapter, noise_video(24, seed=2))
    adapter.save(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_dir(tmp_path_factory):
    return lively(tmp_path_factory.mktemp("tiny"), FAMILIES[0], seed=1)


@pytest.fixture(scope="session")
def adapter(tiny_dir):
    from components.model.adapter import load

    return load(tiny_dir)


@pytest.fixture(scope="session", params=FAMILIES)
def any_adapter(request, tmp_path_factory):
    """One of each family, for what depends on it."""
    from components.model.adapter import load

    if request.param == FAMILIES[0]:
        return request.getfixturevalue("adapter")
    return load(lively(tmp_path_factory.mktemp("tiny"), request.param, seed=2))


@pytest.fixture(scope="session")
def video():
    return noise_video(16)
