"""One tiny random model for the whole folder."""

import pytest

TEXTS = [
    "what color is the lamp?", "the lamp turned red after 3 jumps", "red, green, blue", "from 3s to 6s",
    "Watch the video second by second and answer each question as soon as you can.",
]  # fmt: skip


@pytest.fixture(scope="session")
def tiny_dir(tmp_path_factory):
    from components.model.tiny import build_tiny

    return build_tiny(tmp_path_factory.mktemp("models") / "tiny", TEXTS, seed=0)


@pytest.fixture(scope="session")
def adapter(tiny_dir):
    from components.model.adapter import load

    return load(tiny_dir)
