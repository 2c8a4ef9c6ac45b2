"""Delay, rates of speaking, blind policies and accuracy by stream length."""

import pytest

from components.core.errors import DataError
from components.evaluate.forward_metrics import ResponseReport, count_responses
from components.evaluate.state_scores import due_of
from components.report.lengths import by_length, query_turns, wilson
from components.report.speech import blind_states, delay_counts, speech_point, stream_delays

S, B, R = "silence", "standby", "response"
TRUTH = [S, S, B, R, S, S, S, B, R, R, S, S]


@pytest.mark.parametrize(
    ("said", "delays"),
    [
        ([], [None, None, None]),
        ([3, 8, 9], [0, 0, 0]),
        ([2, 7, 10], [-1, -1, 1]),
        ([5], [2, None, None]),
        ([11], [None, None, 2]),
        ([0, 1], [None, None, None]),
        ([3, 4, 5], [0, None, None]),
    ],
)
def test_each_due_turn_takes_the_first_free_response_before_the_next(said, delays):
    states = [R if turn in said else S for turn in range(len(TRUTH))]
    assert stream_delays(TRUTH, states) == delays


def streams():
    said = [[S, S, B, R, S, S, R, B, R, R, S, R], [R] * 12, [S] * 12]
    return [{"video_id": f"v{n}", "truth": TRUTH, "states": states} for n, states in enumerate(said)]


def test_rates_equal_those_of_the_validation_suite():
    point = speech_point(streams(), [one["states"] for one in streams()], seed=0)
    report = ResponseReport()
    for one in streams():
        report.add("t", count_responses(one["states"], due_of(one["truth"])))
    told = report.summary()
    for name in ("recall", "precision", "f1"):
        assert point[name] == told[name]
    assert point["false_alarms_per_quiet_hour"] == pytest.approx(told["false_alarms_per_quiet_hour"], abs=0.1)
    for name, (low, high) in point["intervals"].items():
        assert low <= point[name] <= high
    assert point == speech_point(streams(), [one["states"] for one in streams()], seed=0)


def test_delays_are_counted_by_bar_and_nothing_is_lost():
    counts = delay_counts(streams())
    assert sum(counts.values()) == 9 and counts["missed"] == 3
    late = [{"truth": [R, *[S] * 20], "states": [S] * 15 + [R] + [S] * 5}]
    assert delay_counts(late)["8+"] == 1


def test_blind_policies_speak_as_they_are_called():
    said = blind_states([10, 20], seed=0)
    assert said["always silent"] == [[S] * 10, [S] * 20]
    assert [states.count(R) for states in said["every 5 turns"]] == [2, 4]
    assert (
        said["random states"]
        == blind_states([10, 20], seed=0)["random states"]
        != blind_states([10, 20], seed=1)["random states"]
    )
    point = speech_point(streams(), [[R] * 12] * 3, seed=None)
    assert (point["recall"], point["false_alarms_per_quiet_hour"]) == (100.0, 3600.0)


def test_accuracy_by_length_bins_points_of_one_column():
    letter = {"task": "OCR", "id": 1, "realtime": 9.7}
    count = {"task": "REC", "id": 2, "test_info": [{"realtime": 3}, {"realtime": 700}]}
    turns = query_turns([letter, count])
    assert turns == {"OCR-1-0": 9, "REC-2-0": 3, "REC-2-1": 700}
    points = [{"id": name, "column": "matched", "correct": name != "REC-2-0"} for name in turns]
    rows = by_length([*points, {"id": "OCR-1-0", "column": "naive", "correct": False}], turns, "matched")
    assert [(row["from"], row["to"], row["n"], row["accuracy"]) for row in rows] == [
        (0, 3, 1, 0.0),
        (8, 11, 1, 100.0),
        (600, None, 1, 100.0),
    ]
    with pytest.raises(DataError, match="OCR-9-0"):
        by_length([{"id": "OCR-9-0", "column": "matched", "correct": True}], turns, "matched")


def test_the_wilson_interval_is_that_of_the_literature():
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=2e-4)
    assert wilson(0, 5)[0] == 0.0 and wilson(5, 5)[1] == 1.0
