"""Counting again: the second code for the same formulas agrees with the first, and small lies are seen."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.audit.numbers_evaluation import offline_numbers
from components.audit.recount import confusion, differs, from_counts, macro_interval, per_state, point_table
from components.evaluate.ovo_rules import PointScore, table
from components.evaluate.state_scores import Watched, build_validation
from components.protocol.states import LABELS

TASKS = {"OCR": "realtime", "ATR": "realtime", "EPM": "backward", "REC": "forward"}
SAMPLE = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), SAMPLE), min_size=1, max_size=6), st.integers(0, 9)
)
def test_states_and_interval_agree_with_the_evaluation(
    rows: list[tuple[str, list[tuple[str, str]]]], seed: int
) -> None:
    watched = [
        Watched(str(number), video, "t", [true for true, _ in turns], [said for _, said in turns])
        for number, (video, turns) in enumerate(rows)
    ]
    stored = build_validation(watched, seed=seed)
    tables = [confusion(one.truth, one.states) for one in watched]
    assert differs(per_state(sum(tables[1:], tables[0])), stored["states"]) == []
    interval = macro_interval(tables, [one.video_id for one in watched], seed)
    assert differs(interval, stored["macro_f1_interval"]) == []


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(TASKS)), st.booleans()), min_size=1, max_size=40))
def test_accuracies_agree_with_the_evaluation(points: list[tuple[str, bool]]) -> None:
    scored = [PointScore(task, number, 0, float(right)) for number, (task, right) in enumerate(points)]
    rows = [
        {"task": task, "group": TASKS[task], "column": "matched", "correct": right} for task, right in points
    ]
    assert differs(point_table(rows, "matched"), table(scored)) == []
    assert point_table(rows, "naive") == {"tasks": {}, "groups": {}, "total": None}


def test_tables_of_counts_are_read_back() -> None:
    found = confusion(["silence", "response"], ["standby", "response"])
    counts = {true: dict.fromkeys(LABELS, 0) for true in LABELS}
    counts["silence"]["standby"] = counts["response"]["response"] = 1
    assert (from_counts(counts) == found).all()


@pytest.mark.parametrize(
    ("left", "right", "where"),
    [
        ({"a": {"b": 50.01}}, {"a": {"b": 50.02}}, []),
        ({"a": {"b": 50.01}}, {"a": {"b": 50.05}}, ["a.b: 50.01, not 50.05"]),
        ({"share": 0.123456}, {"share": 0.123458}, ["share: 0.123456, not 0.123458"]),
        ({"turns": 7}, {"turns": 8}, ["turns: 7, not 8"]),
        ({"passed": True}, {"passed": 1}, []),
        ({"passed": True}, {"passed": False}, ["passed: True, not False"]),
        ([1, 2], [1], ["value: [1, 2], not [1]"]),
        ({"a": 1}, {"a": None}, ["a: 1, not None"]),
        ({"a": 1}, {"a": 1, "more": 2}, []),
    ],
)
def test_what_differs_is_named(left: object, right: object, where: list[str]) -> None:
    assert differs(left, right) == where


def test_retention_is_counted_again_and_a_small_lie_is_seen() -> None:
    points = [{"task": "OCR", "before": True, "after": number > 0} for number in range(3)]
    cells = {"before": (3, 3), "after": (2, 3)}
    scores = {
        when: {"tasks": {"OCR": {"correct": correct, "total": total}}}
        for when, (correct, total) in cells.items()
    }
    assert [number.verified for number in offline_numbers("m", scores, {"points": points})] == [True, True]
    scores["after"]["tasks"]["OCR"]["correct"] = 3
    assert [number.verified for number in offline_numbers("m", scores, {"points": points})] == [True, False]
    assert [number.verified for number in offline_numbers("m", scores, None)] == [None]
