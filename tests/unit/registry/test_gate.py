"""The gate's decision: checks, points that can be compared, and the champion evaluated again."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.core.errors import DataError, UsageError
from components.core.files import read_json, write_json
from components.registry.gate import judge
from components.registry.gate_champion import Champion
from tests.support.gate_points import (
    HELDOUT,
    PASSED,
    grouped,
    ovo,
    parsed,
    register_product,
    simulated,
    stored,
)

OFF = [{"name": "realtime_above_controls", "passed": False, "detail": "lower bound 3 of 20"}]
AUDIT = {"ok": True, "findings": []}


def ask(candidate: Path, champion: Champion | None = None, **more: Any) -> dict[str, Any]:
    return judge(candidate, champion, **{"margin": 10.0, "require_floors": True, **more})


@pytest.fixture
def world(tmp_path: Path) -> Any:
    """A function that makes a candidate and a stored champion of simulated points."""

    def make(loss: float = 0.0, **candidate_points: Any) -> tuple[Path, Champion]:
        ours, theirs = simulated(0, sets=100, loss=loss, shared=0.6)
        product = register_product(tmp_path / "champion", {"ovo": theirs})
        store = stored(tmp_path / "store", "v0.0.1", product)
        candidate = register_product(tmp_path / "candidate", {"ovo": ours, **candidate_points})
        return candidate, Champion("v0.0.1", store, tmp_path)

    return make


def check(gate: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [each for each in gate["checks"] if each["name"] == name]
    return found


def test_an_equal_candidate_is_promoted_on_the_stored_points(world: Any) -> None:
    gate = ask(*world(), audit=AUDIT)
    assert gate["decision"] == "promote" and not gate["reevaluated"]
    assert gate["champion"] == "v0.0.1" and gate["candidate"]["model"] == "focal-0"
    assert gate["groups"]["forward"]["passed"] and gate["reasons"][0].startswith("forward: not worse")
    assert json.loads(json.dumps(gate)) == gate


def test_a_worse_candidate_is_refused_for_its_group(world: Any) -> None:
    gate = ask(*world(loss=0.5), audit=AUDIT)
    assert gate["decision"] == "refuse"
    assert [reason.partition(":")[0] for reason in gate["reasons"]] == ["forward"]
    assert gate["groups"]["forward"]["interval"][1] < -10 and gate["groups"]["forward"]["worse"]


def test_without_a_champion_the_own_checks_decide(tmp_path: Path) -> None:
    alone = register_product(tmp_path / "alone", {})
    gate = ask(alone)
    assert gate["decision"] == "promote" and gate["champion"] is None and gate["groups"] == {}
    assert "no champion yet" in gate["reasons"][0]
    bad = [{"name": "gate_passed", "passed": False, "detail": "failed rules: ratio"}]
    assert ask(register_product(tmp_path / "bad", {}, checks=bad + PASSED[1:]))["reasons"] == [
        "data_gate: failed rules: ratio"
    ]


def test_floors_count_only_where_they_are_required_and_are_said_either_way(tmp_path: Path) -> None:
    product = register_product(tmp_path / "low", {}, checks=PASSED + OFF)
    required, said = ask(product), ask(product, require_floors=False)
    assert (required["decision"], said["decision"]) == ("refuse", "promote")
    for gate in (required, said):
        assert check(gate, "floors")["passed"] is False
        assert "realtime_above_controls: lower bound 3 of 20" in check(gate, "floors")["detail"]
    assert "said, not required" in check(said, "floors")["detail"]
    broken = [*PASSED, {"name": "receipts_complete", "passed": False, "detail": "missing: models/base"}]
    refused = ask(register_product(tmp_path / "broken", {}, checks=broken), require_floors=False)
    assert refused["reasons"] == ["verdict: receipts_complete: missing: models/base"]


def test_the_audit_counts_where_it_is_given_and_its_absence_is_said(world: Any) -> None:
    candidate, champion = world()
    assert check(ask(candidate, champion), "audit")["passed"] is None
    assert "not checked" in check(ask(candidate, champion), "audit")["detail"]
    findings = [{"kind": "changed", "path": "models/base", "detail": "one byte"}]
    gate = ask(candidate, champion, audit={"ok": False, "findings": findings})
    assert gate["reasons"] == ["audit: 1 findings, first: models/base: one byte"]
    with pytest.raises(DataError, match="streamo audit --json"):
        ask(candidate, champion, audit={"decision": "promote"})


def test_a_candidate_without_points_is_refused_with_the_reason(world: Any, tmp_path: Path) -> None:
    _, champion = world()
    gate = ask(register_product(tmp_path / "bare", {}), champion)
    assert gate["decision"] == "refuse"
    assert "candidate without test points of suite ovo" in gate["reasons"][0]
    skipped = {**ovo([]), "skipped": "the corpus has no usable benchmark entry"}
    validation = {"schema": 1, "suite": "validation", "heldout": HELDOUT, "samples": []}
    lost = register_product(tmp_path / "lost", {"ovo": skipped, "validation": validation})
    assert "no usable benchmark entry" in ask(lost, champion)["reasons"][0]


def test_suites_that_the_gate_does_not_compare_are_not_lost(tmp_path: Path) -> None:
    ours, theirs = simulated(0, sets=100, shared=0.6)
    retention = {"schema": 1, "suite": "offline", "heldout": HELDOUT, "points": [{"id": "OCR-1"}]}
    product = register_product(tmp_path / "champion", {"ovo": theirs, "offline": retention})
    store = stored(tmp_path / "store", "v0.0.1", product)
    candidate = register_product(tmp_path / "candidate", {"ovo": ours})
    gate = ask(candidate, Champion("v0.0.1", store, tmp_path), audit=AUDIT)
    assert check(gate, "points")["passed"] and gate["decision"] == "promote"


def test_other_points_under_one_fingerprint_are_an_error(world: Any) -> None:
    candidate, champion = world()
    path = candidate / "evaluation/ovo/points.json"
    value = read_json(path)
    write_json(path, value | {"points": value["points"][1:]})
    with pytest.raises(DataError, match=r"1 are in one file only \(first: CRR-0-0\)"):
        ask(candidate, champion)
    moved = [value["points"][0] | {"match": "elsewhere"}, *value["points"][1:]]
    with pytest.raises(DataError, match="CRR-0-0 is not the same in both files"):
        grouped(value, ovo(moved))
    write_json(path, {"suite": "ovo", "heldout": HELDOUT, "points": [{"id": 1}]})
    with pytest.raises(DataError, match=r"points\.json: not the points of suite ovo \(KeyError: 'correct'\)"):
        ask(candidate, champion)
    with pytest.raises(DataError, match="one row an id"):
        parsed(ovo([value["points"][0]] * 2))


def test_what_is_no_candidate_or_no_margin_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no verdict\.json"):
        ask(tmp_path)
    product = register_product(tmp_path / "alone", {})
    with pytest.raises(UsageError, match="above 0"):
        ask(product, margin=0.0)
    with pytest.raises(DataError, match="gate_passed"):
        ask(register_product(tmp_path / "silent", {}, checks=[]))
