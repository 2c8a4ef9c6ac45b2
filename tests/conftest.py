"""The one fixture every test may use, and how property tests draw examples; helpers live in tests/support."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples on every machine, so that a verdict can be had again; `random` looks for new ones.
settings.register_profile("same", derandomize=True)
settings.register_profile("random", derandomize=False)
settings.load_profile(os.environ.get("STREAMO_HYPOTHESIS", "same"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real clips and public annotations; the test is skipped where there is none."""
    folder = os.environ.get("STREAMO_SHARED_DATA")
    if not folder:
        pytest.skip("STREAMO_SHARED_DATA names no folder with real clips and annotations")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"STREAMO_SHARED_DATA={folder}: no such folder")
    return path
