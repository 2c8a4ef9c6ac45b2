from components.evaluate.forward_metrics import (
    Due,
    blind_responses,
    count_responses,
    due_turns,
    forward_responses,
)
from components.evaluate.streams import Stream
from tests.support.ovo_samples import benchmark, clue_entry, count_entry, perfect_stream, step_entry


def states(*spoken, turns=24):
    return ["response" if turn in spoken else "silence" for turn in range(turns)]


def test_due_turns_follow_rule_2_and_leave_a_margin_around_events():
    due = due_turns(step_entry(1, (3, 6)), Stream(1, "SSR", 0, states(), step="amber light"))
    assert due.due == [6]
    assert due.quiet == [0, 1, *range(8, 24)]
    real = step_entry(1, (3.2, 3.8))
    assert due_turns(real, Stream(1, "SSR", 0, states(), step="amber light")).due == [4]


def test_an_event_over_before_the_question_is_not_due():
    entry = count_entry(1, [3])
    assert due_turns(entry, Stream(1, "REC", 5, states())).due == [7, 12]


def test_a_due_moment_is_hit_once_and_a_second_response_is_no_hit():
    count = count_responses(states(6, 7, 15), Due([6], [0, 1, 2, 15, 16]))
    assert (count.responses, count.due, count.hits, count.false_alarms) == (3, 1, 1, 1)
    assert count.summary()["precision"] == 33.33
    assert count.summary()["recall"] == 100.0
    assert count.duplicates == 1


def test_a_wider_window_takes_a_late_response_for_a_hit():
    late = states(9)
    assert count_responses(late, Due([6], [])).summary()["f1"] == 0.0
    assert count_responses(late, Due([6], []), tolerance=3).summary()["f1"] == 100.0


def test_delay_is_the_wait_for_the_first_response_before_the_next_due_moment():
    count = count_responses(states(5, 8, 9, 20), Due([6, 12, 18], []))
    assert count.waits == [2, 2]  # 6 -> 8, 12 unanswered, 18 -> 20
    summary = count.summary()
    assert summary["answered"] == 2 and summary["delay_turns"] == {"mean": 2.0, "median": 2.0}
    assert count_responses(states(), Due([6], [])).summary()["delay_turns"] is None


def test_blind_speech_on_the_same_streams_hits_everything_and_is_mostly_wrong():
    entries = [clue_entry(n) for n in range(4)]
    blind = blind_responses(entries, [perfect_stream(e) for e in entries], seed=0)
    assert blind["always_response"]["recall"] == 100.0
    assert blind["always_response"]["false_alarms_per_quiet_hour"] == 3600.0
    assert blind["random_states"]["precision"] < 20
    assert blind == blind_responses(entries, [perfect_stream(e) for e in entries], seed=0)


def test_rates_are_given_for_several_windows():
    entries = benchmark()
    windows = forward_responses(entries, [perfect_stream(entry) for entry in entries])["windows"]
    assert list(windows) == ["0", "1", "3", "5"]
    assert windows["0"]["recall"] <= windows["5"]["recall"]


def test_false_alarms_are_per_minute_of_quiet():
    summary = count_responses(states(5, 9), Due([], list(range(24)))).summary()
    assert summary["quiet_minutes"] == 0.4
    assert summary["false_alarms_per_quiet_minute"] == 5.0
    assert summary["recall"] is None


def test_a_model_that_always_speaks_has_full_recall_and_poor_precision():
    entries = [clue_entry(n) for n in range(4)]
    loud = [Stream(e["id"], "CRR", 2, ["response"] * 24) for e in entries]
    quiet = [perfect_stream(e) for e in entries]
    noisy, exact = forward_responses(entries, loud), forward_responses(entries, quiet)
    assert noisy["recall"] == exact["recall"] == 100.0
    assert noisy["precision"] < 10 and exact["precision"] == 100.0
    assert exact["false_alarms"] == 0 and noisy["false_alarms_per_quiet_minute"] == 60.0


def test_only_forward_streams_are_counted_and_shown_per_task():
    entries = benchmark()
    report = forward_responses(entries, [perfect_stream(entry) for entry in entries])
    assert sorted(report["tasks"]) == ["CRR", "REC", "SSR"]
    assert report["responses"] == sum(cell["responses"] for cell in report["tasks"].values())
