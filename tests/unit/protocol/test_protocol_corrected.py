"""The rules of time, rule by rule and the table of examples."""

import copy

import pytest
from protocol_labels import event, instant, label, questions, states, texts

from components.core.errors import UsageError
from components.protocol.convert import convert_sample


@pytest.mark.parametrize(
    ("asked", "responses", "expected"),
    [
        ([0], [event(3, 6)], "...sssR..."),
        ([4.3], [event(3, 6)], ".....sR..."),
        ([0], [event(3.2, 3.8)], "....R....."),
        ([5], [instant(5)], ".....R...."),
        ([0], [event(2, 4), event(4, 7)], "..ssRssR.."),
        ([0], [event(8, 12)], "........sR"),
        ([0], [event(3, 3)], "...R......"),
        ([0], [event("00:03", "6.0")], "...sssR..."),
        ([2], [event(0.5, 4)], "..ssR....."),
        ([0], [], ".........."),
    ],
)
def test_examples(asked, responses, expected):
    dialogue = convert_sample(label(asked, responses), 10)
    assert states(dialogue) == expected
    assert dialogue.counts.balanced()
    assert not dialogue.quarantine


def test_the_example_with_a_late_question_carries_it_on_turn_5():
    assert questions(convert_sample(label([4.3], [event(3, 6)]), 10)) == {5: ("q0",)}


def test_questions_of_one_turn_all_stay_in_the_order_they_were_asked():
    dialogue = convert_sample(label([4.7, 4.2, 5], []), 10)
    assert questions(dialogue) == {5: ("q1", "q0", "q2")}
    assert dialogue.counts.questions_placed == 3


@pytest.mark.parametrize(("asked", "duration"), [(10, 10.0), (9.2, 9.5), (9.001, 10.0)])
def test_a_question_without_a_turn_takes_the_sample_with_it(asked, duration):
    dialogue = convert_sample(label([0, asked], [event(1, 2), instant(3)]), 10, duration_s=duration)
    assert dialogue.turns == []
    assert [row.reason for row in dialogue.quarantine] == ["question_after_end"]
    assert "question 1" in dialogue.quarantine[0].detail
    assert dialogue.counts.questions_quarantined == {"question_after_end": 2}
    assert dialogue.counts.quarantined == {"question_after_end": 2}
    assert dialogue.counts.balanced()


def test_only_the_last_instant_at_or_before_the_question_is_kept():
    dialogue = convert_sample(label([5], [instant(1), instant(5), instant(3), instant(8)]), 10)
    assert texts(dialogue) == {5: "@5", 8: "@8"}
    assert dialogue.counts.before_question == 2
    assert dialogue.counts.placed == 2


def test_an_instant_before_the_question_is_told_on_the_questions_turn():
    dialogue = convert_sample(label([4.3], [instant(1)]), 10)
    assert texts(dialogue) == {5: "@1"}
    (placed,) = dialogue.events
    assert (placed.start_s, placed.end_s, placed.question_turn) == (4.3, 4.3, 5)


def test_an_instant_between_the_question_and_its_turn_is_told_on_that_turn():
    assert texts(convert_sample(label([4.3], [instant(4.6)]), 10)) == {5: "@4.6"}


@pytest.mark.parametrize("end", [3, 5])
def test_an_event_that_ended_at_or_before_the_question_is_not_told(end):
    dialogue = convert_sample(label([5], [event(1, end)]), 10)
    assert states(dialogue) == ".........."
    assert dialogue.counts.before_question == 1


def test_a_response_belongs_to_the_last_question_asked_at_or_before_its_end():
    dialogue = convert_sample(label([0, 5], [event(1, 3), event(3, 7), instant(2)]), 10)
    assert [(e.text, e.question_turn) for e in dialogue.events] == [("@2", 0), ("1-3", 0), ("3-7", 5)]
    assert (
        states(dialogue) == ".sRR.ssR.."
    )  # the second event shows on 3 and 4 too: silent before its question
    assert texts(dialogue) == {2: "@2", 3: "1-3", 7: "3-7"}


def test_a_taken_turn_shifts_the_later_answer():
    dialogue = convert_sample(label([0], [instant(4), instant(4), instant(5)]), 10)
    assert sorted(texts(dialogue)) == [4, 5, 6]
    assert dialogue.counts.shifted == 2


def test_answers_are_placed_in_order_of_their_end_not_of_the_list():
    dialogue = convert_sample(label([0], [event(3, 5.5, "later"), event(1, 5.1, "earlier")]), 10)
    assert texts(dialogue) == {6: "earlier", 7: "later"}


def test_answers_without_a_free_turn_join_the_last_response():
    dialogue = convert_sample(label([0], [event(7, 9), event(7, 20), instant(9)]), 10)
    assert texts(dialogue) == {9: "7-9\n@9\n7-20"}
    assert states(dialogue) == ".......ssR"
    assert (dialogue.counts.placed, dialogue.counts.joined, dialogue.counts.moved_to_end) == (3, 2, 0)


def test_a_response_past_the_last_turn_moves_to_it():
    dialogue = convert_sample(label([0], [instant(9.2)]), 10, duration_s=9.5)
    assert texts(dialogue) == {9: "@9.2"}
    assert dialogue.counts.moved_to_end == 1


def test_standby_never_overwrites_a_response():
    dialogue = convert_sample(label([0], [event(0, 4), event(0, 8), instant(2)]), 10)
    assert states(dialogue) == "ssRsRsssR."


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (event(10, 12), "response_after_end"),
        (event(9.5, 9.6), "response_after_end"),
        (instant(9.5), "response_after_end"),
        (event(6, 3), "ends_before_start"),
        (event("six", 8), "unreadable_time"),
        (event(3, ""), "unreadable_time"),
        (event("", 3), "unreadable_time"),
        (event(3, -1), "unreadable_time"),
        (instant(""), "unreadable_time"),
        ({"content": "no times"}, "unreadable_time"),
        ({**event(3, ""), "time": 4}, "unreadable_time"),
        (instant(3, "  "), "empty_text"),
        ({**instant(3), "content": 7}, "empty_text"),
        (instant(3, "he says </Response> now"), "state_token_in_text"),
        (instant(3, "a <stream> of water"), "frame_token_in_text"),
    ],
)
def test_a_bad_response_is_set_aside_and_the_rest_stays(response, reason):
    dialogue = convert_sample(label([0], [response, event(1, 2)]), 10, duration_s=9.5)
    assert [(row.id, row.reason) for row in dialogue.quarantine] == [("x", reason)]
    assert dialogue.quarantine[0].detail.startswith("response 0: ")
    assert states(dialogue) == ".sR......."
    assert dialogue.counts.quarantined == {reason: 1}
    assert dialogue.counts.balanced()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (label([], [instant(1)]), "no_question"),
        (label(["soon"], []), "unreadable_time"),
        (label([""], []), "unreadable_time"),
        (label([-1], []), "unreadable_time"),
        (label([], [], question=[{"content": "", "time": 0}]), "empty_text"),
        (label([], [], question=[{"content": "is </Silence> golden?", "time": 0}]), "state_token_in_text"),
        (label([], [], question={"content": "q", "time": 0}), "malformed"),
        (label([], [], question=["when?"]), "malformed"),
        (label([0], [], response="none"), "malformed"),
        (label([0], [], video_path=""), "malformed"),
        (label([0], [], video_path=7), "malformed"),
        (label([0], [instant(1, "half \ud800 a pair")]), "malformed"),
        (label([0], [], source="\udfff"), "malformed"),
    ],
)
def test_a_sample_that_cannot_be_used_says_why(raw, reason):
    dialogue = convert_sample(raw, 10)
    assert dialogue.turns == []
    assert [row.reason for row in dialogue.quarantine] == [reason]
    assert dialogue.counts.balanced()


def test_a_label_without_id_may_hold_what_json_cannot():
    dialogue = convert_sample(label([0], [instant(float("nan")), instant(3)], id=None), 10)
    assert states(dialogue) == "...R......"
    assert dialogue.counts.quarantined == {"unreadable_time": 1}


def test_an_id_that_is_not_unicode_is_escaped_in_the_quarantine():
    (row,) = convert_sample(label([0], [], id="x\ud800"), 10).quarantine
    assert row.row()["id"] == "x\\ud800"


def test_the_raw_label_is_not_changed():
    raw = label([4.3], [event(3, 6), instant("bad")])
    before = copy.deepcopy(raw)
    convert_sample(raw, 10)
    assert raw == before


def test_a_label_without_id_gets_a_stable_one():
    raw = label([0], [])
    del raw["id"]
    first = convert_sample(raw, 10).sample_id
    assert first == convert_sample(dict(reversed(raw.items())), 10).sample_id
    assert first.startswith("test-v.mp4-")
    assert first != convert_sample(label([1], [], id=""), 10).sample_id


@pytest.mark.parametrize(
    ("turns", "arguments", "message"),
    [
        (10, {"rules": "new"}, "rules 'new' are not known"),
        (10, {"fps": 0}, "fps must be positive"),
        (0, {}, "at least one turn"),
        (10, {"duration_s": 12.0}, "10 turns do not fit 12.0 s"),
        (10, {"duration_s": 8.5}, "10 turns do not fit 8.5 s"),
        (10, {"duration_s": float("nan")}, "do not fit"),
    ],
)
def test_wrong_use_is_refused(turns, arguments, message):
    with pytest.raises(UsageError, match=message):
        convert_sample(label([0], []), turns, **arguments)


@pytest.mark.parametrize(("duration", "turns"), [(0.4, 1), (1.0, 1), (9.5, 10), (10.0000002, 10), (0.0, 1)])
def test_turns_that_fit_the_duration(duration, turns):
    assert len(convert_sample(label([0], []), turns, duration_s=duration).turns) == turns


def test_the_last_bit_of_a_time_moves_no_turn():
    dialogue = convert_sample(
        label([0.1 + 0.2 - 0.3], [event(1.1 + 2.2 - 0.3, 6), instant(10.0)]), 10, duration_s=10 + 1e-9
    )
    assert states(dialogue) == "...sssR..."
    assert questions(dialogue) == {0: ("q0",)}
    assert dialogue.counts.quarantined == {"response_after_end": 1}


def test_fps_adds_frames_and_changes_no_state():
    raw = label([4.3], [event("00:03", 6)])
    assert convert_sample(raw, 10, fps=2.0).turns == convert_sample(raw, 10).turns
