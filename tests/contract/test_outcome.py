"""Completed and Cached, read from what the installed DVC really prints."""

import pytest

from components.core.errors import InternalError
from flows.outcome import CACHED, COMPLETED, outcome
from tests.support.toy_dag import Toy


def repro(toy: Toy, address: str) -> str:
    done = toy.run("dvc", "--wait-for-lock", "repro", "--single-item", address)
    return outcome((done.stdout + done.stderr).splitlines(), address)


def test_ran_skipped_and_restored(toy: Toy) -> None:
    assert repro(toy, "corpus") == COMPLETED
    assert repro(toy, "annotate@tsqa-0") == COMPLETED
    assert repro(toy, "annotate@tsqa-0") == CACHED
    toy.run("rm", "-r", "artifacts/annotations")
    assert repro(toy, "annotate@tsqa-0") == CACHED
    assert (toy.root / "artifacts/annotations/tsqa-0/identity.json").exists()
    toy.run("rm", "-r", "dvc.lock", "artifacts")
    assert repro(toy, "corpus") == CACHED, "from the run cache"
    assert toy.records() == 2


def test_a_log_that_says_neither_is_an_error() -> None:
    with pytest.raises(InternalError, match="does not say whether corpus ran"):
        outcome(["Stage 'other' didn't change, skipping", "Data and pipelines are up to date."], "corpus")
