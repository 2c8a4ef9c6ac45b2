"""The decision on a table, and the memory of what was tried."""

import pytest

from flows.retraining.decide import FAILED, NOTHING, RETRAIN, Facts, age_days, decide, tried

USUAL = {
    "reason": "scheduled",
    "changed": True,
    "new_videos": 5,
    "gate_failed": None,
    "drifted": (),
    "champion_age_days": 3.0,
    "tried": None,
}
TRIED = ("20260101T000000Z", "refused, worse on forward")


@pytest.mark.parametrize(
    ("facts", "what", "why"),
    [
        ({}, NOTHING, "5 new videos of 20 for a scheduled run, no drift, champion 3.0 of 30 days old"),
        ({"new_videos": 20}, RETRAIN, "20 new videos, enough"),
        ({"champion_age_days": 30.0}, RETRAIN, "30.0 days old"),
        ({"champion_age_days": None}, RETRAIN, "no champion yet"),
        ({"drifted": ("brightness",)}, RETRAIN, "drift (brightness)"),
        ({"drifted": tuple("abcdefgh")}, RETRAIN, "drift (a, b, c, d, e and 3 more)"),
        ({"reason": "drifted"}, RETRAIN, "drift (reported by the caller)"),
        ({"reason": "drifted", "changed": False}, NOTHING, "the same data gives the same model"),
        ({"changed": False, "drifted": ("state.silence",)}, NOTHING, "live sessions drifted (state.silence)"),
        ({"changed": False, "champion_age_days": 99.0}, NOTHING, "the data is the base's"),
        ({"reason": "forced", "changed": False}, RETRAIN, "forced"),
        ({"reason": "forced", "tried": TRIED}, RETRAIN, "forced"),
        ({"new_videos": 20, "tried": TRIED}, NOTHING, "run 20260101T000000Z took this data"),
        ({"drifted": ("a",), "tried": TRIED}, NOTHING, "refused, worse on forward"),
        ({"gate_failed": "rule x: sample 7"}, FAILED, "rule x: sample 7"),
        ({"gate_failed": "rule x", "reason": "forced"}, FAILED, "rule x"),
        ({"gate_failed": "rule x", "tried": TRIED}, NOTHING, "took this data"),
    ],
)
def test_the_decision(facts: dict[str, object], what: str, why: str) -> None:
    decision = decide(Facts(**{**USUAL, **facts}), min_new_videos=20, max_age_days=30.0)
    assert decision.what == what
    assert why in decision.why


def test_a_scheduled_run_without_any_new_video_needs_a_reason() -> None:
    facts = Facts(**{**USUAL, "new_videos": 0})
    assert decide(facts, min_new_videos=0, max_age_days=30.0).what == NOTHING


def test_age_is_in_days() -> None:
    assert age_days("2026-01-01T00:00:00Z", "2026-01-02T12:00:00Z") == 1.5


def test_only_a_refusal_of_the_same_data_on_the_same_base_counts_as_tried() -> None:
    past = [
        {"id": "1", "base": "b", "data": "d", "decision": "refused", "reason": "worse"},
        {"id": "2", "base": "b", "data": "d", "decision": "nothing", "reason": "run 1 took it"},
        {"id": "3", "base": "other", "data": "d", "decision": "refused", "reason": "worse"},
        {
            "id": "4",
            "base": "b",
            "data": "other",
            "decision": "failed",
            "reason": "gate",
            "failed_at": "decide",
        },
        {
            "id": "6",
            "base": "b",
            "data": "d",
            "decision": "failed",
            "reason": "disk",
            "failed_at": "abandoned",
        },
        {"id": "5", "base": None, "data": None, "decision": "failed", "reason": "no source"},
    ]
    assert tried(past, base="b", data="d") == ("1", "refused, worse")
    assert tried(past, base="b", data="other") == ("4", "failed, gate")
    assert tried(past, base="x", data="d") is None
