"""Videos and labels to review: rendered once a session, copied by whoever writes reviews."""

import pytest

from tests.support.review_world import ReviewWorld, copy_of, review_world


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> ReviewWorld:
    return review_world(tmp_path_factory.mktemp("review"), clips=2)


@pytest.fixture
def world(rendered: ReviewWorld, tmp_path) -> ReviewWorld:
    return copy_of(rendered, tmp_path / "copy")
