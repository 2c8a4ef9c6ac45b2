"""A held-out set that changed: the champion's own model is fetched and watches the candidate's set."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.core.errors import DataError
from components.core.files import read_json
from components.evaluate.standalone import evaluate
from components.registry.gate import judge
from components.registry.gate_champion import Champion, clear_leftovers
from components.registry.store import Store
from tests.support.gate_points import register_product, stored
from tests.support.heldout import heldout_checkout, tiny_model

SUITES = ("ovo", "validation")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reproduced checkout with a candidate and the points of both models."""
    root = heldout_checkout(tmp_path_factory.mktemp("gate"))
    for name, seed in (("candidate", 2), ("champion", 4)):
        model = tiny_model(root / name, seed=seed)
        for suite in SUITES:
            evaluate(model, suite, model / "evaluation" / suite, data=root)
    return root


@pytest.fixture(scope="module")
def store(checkout: Path) -> Store:
    """The champion as a version, registered when the held-out set was another one."""
    points = {}
    for suite in SUITES:
        value = read_json(checkout / "champion/evaluation" / suite / "points.json")
        points[suite] = {**value, "heldout": "0" * 64}
    product = checkout / "champion"
    register_product(product, points)
    return stored(checkout / "store", "v0.0.1", product)


def gate(checkout: Path, store: Store, candidate: Path) -> dict[str, Any]:
    return judge(candidate, Champion("v0.0.1", store, checkout), margin=100.0, require_floors=True)


def test_the_champion_is_evaluated_again_by_its_own_model(checkout: Path, store: Store) -> None:
    candidate = register_product(checkout / "candidate", {})
    # The fixture evaluated the same model on the same set in this process, before it was "another" set.
    scores = read_json(checkout / "champion/evaluation/ovo/scores.json")["columns"]["matched"]["model"]
    found = gate(checkout, store, candidate)
    assert found["reevaluated"] and found["reevaluated_suites"] == ["ovo", "validation"]
    for group in ("forward", "realtime", "backward"):
        assert found["groups"][group]["champion"] == scores["groups"][group]
    macro = read_json(checkout / "champion/evaluation/validation/scores.json")["macro_f1"]
    assert found["groups"]["validation"]["champion"] == pytest.approx(macro, abs=0.01)
    assert any(group["candidate"] != group["champion"] for group in found["groups"].values())
    assert list((checkout / ".scratch/gate").iterdir()) == []


def test_a_candidate_of_another_checkout_is_an_error(checkout: Path, tmp_path: Path) -> None:
    shutil.copytree(checkout / "champion", tmp_path / "champion", ignore=shutil.ignore_patterns("ovo"))
    store = stored(tmp_path / "store", "v0.0.1", tmp_path / "champion")
    value = read_json(checkout / "candidate/evaluation/validation/points.json")
    stranger = register_product(tmp_path / "stranger", {"validation": {**value, "heldout": "1" * 64}})
    with pytest.raises(DataError, match="validation: the candidate's points are not of this checkout"):
        gate(checkout, store, stranger)


def test_copies_of_a_killed_gate_are_removed_and_those_of_a_living_one_kept(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for owner in (gone.pid, os.getpid()):
        (tmp_path / f"{owner}-abc").mkdir()
        (tmp_path / f"{owner}-abc/weights").write_text("big")
    clear_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{os.getpid()}-abc"]


def test_a_champion_that_cannot_watch_is_an_error_that_says_why(checkout: Path, tmp_path: Path) -> None:
    value = read_json(checkout / "candidate/evaluation/validation/points.json")
    product = register_product(tmp_path / "hollow", {"validation": {**value, "heldout": "0" * 64}})
    hollow = stored(tmp_path / "store", "v0.0.1", product)
    candidate = register_product(tmp_path / "candidate", {"validation": value})
    with pytest.raises(DataError, match=r"on suite validation \(exit code 1\).*it lacks config\.json"):
        gate(checkout, hollow, candidate)
