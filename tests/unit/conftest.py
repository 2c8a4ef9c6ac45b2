"""Registered versions that the rooms audit and lineage look at: built once a session, never changed."""

from pathlib import Path

import pytest

from tests.support.audit_world import World, corpus, make_world, video

# Planted: c0 trains v0.0.1, validates v0.0.2 under another name; c1 trains two versions and is held out in
# the third; `drop` is excluded as a near-duplicate, `bad` cannot be decoded.
CORPORA = {
    "v0.0.1": corpus("c0", "c1", "c2"),
    "v0.0.2": {
        **corpus("c1", "drop"),
        "train/renamed.mp4": video("c0"),
        "train/bad.mp4": b"broken" * 9,
        "train/c3.mp4": video("c3"),
    },
    "v0.0.3": {**corpus("c3", "c4"), "bench/c1.mp4": video("c1")},
}


@pytest.fixture(scope="session")
def registered(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Three versions of three corpora; copy it to change anything."""
    world = make_world(tmp_path_factory.mktemp("registered"))
    for version, videos in CORPORA.items():
        assert world.version(videos) == version
    return world


@pytest.fixture
def copied(registered: World, tmp_path: Path) -> World:
    """The same versions, for a fault of one's own."""
    return registered.copy(tmp_path / "world")
