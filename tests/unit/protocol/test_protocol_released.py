"""The released rules on cases worked out by hand from reference.md; each known defect is shown."""

import pytest
from protocol_labels import event, instant, label, questions, states, texts

from components.protocol.convert import convert_sample
from components.protocol.released import DEFAULT_QUESTION


def released(asked, responses, turns=10, fps=1.0, **extra):
    return convert_sample(label(asked, responses, **extra), turns, fps=fps, rules="released")


@pytest.mark.parametrize(
    ("responses", "expected"),
    [
        ([event(5, 6)], "....ssR..."),  # Standby on st-1 .. end-1, Response on end
        ([event(5.0, "6")], "....ssR..."),
        ([instant(5)], "....R....."),  # time only: turn time-1
        ([instant(0)], "R........."),  # clamped
        ([event(0, 0)], "sR........"),
        ([event(1, 1)], "sR........"),
        ([event(9.515, 9.9)], "........sR"),  # fractions are cut off
        ([event(6, 4)], "....R....."),  # st > end: a Response without Standby
        ([event(7, 12)], "......ssss"),  # past the end: the Standby stays, the Response is dropped
        ([event(3, 4), event(5, 7)], "..sssssR.."),  # the Standby of the second eats the Response
        ([instant(3), event(1, 5)], "sssssR...."),
        ([event(1, 5), instant(3)], "ssRssR...."),  # written in list order
        ([event(2, 3, ""), instant(7)], ".ss...R..."),  # no text: Standby only
        ([{**event(3, 4), "time": "9"}], "..ssR....."),  # a span wins over a time
        ([{**event(3, ""), "time": "9"}], "........R."),  # half a span is none
    ],
)
def test_states(responses, expected):
    dialogue = released([1], responses)
    assert states(dialogue) == expected
    assert dialogue.counts.balanced()


def test_the_first_question_is_also_shown_at_turn_0_before_it_was_asked():
    dialogue = released([5, 8], [])
    assert questions(dialogue) == {0: ("q0",), 4: ("q0",), 7: ("q1",)}
    assert dialogue.counts.questions_placed == 2


def test_a_question_on_turn_0_is_not_repeated():
    assert questions(released([5, 1], [])) == {0: ("q1",), 4: ("q0",)}


def test_the_later_of_two_questions_of_one_turn_wins_and_the_other_is_counted():
    dialogue = released([5, 5.9], [])
    assert questions(dialogue) == {0: ("q0",), 4: ("q1",)}
    assert dialogue.counts.questions_quarantined == {"overwritten": 1}
    assert dialogue.counts.balanced()


@pytest.mark.parametrize(
    ("extra", "first"),
    [
        ({"question": []}, DEFAULT_QUESTION),
        ({"question": [{"content": "", "time": 3}]}, DEFAULT_QUESTION),
        ({"question": [{"content": "q", "time": "?"}]}, "q"),
        ({"question": [{"content": "q", "time": 11}]}, "q"),
    ],
)
def test_turn_0_always_has_a_question(extra, first):
    dialogue = released([], [], **extra)
    assert questions(dialogue) == {0: (first,)}
    assert dialogue.counts.balanced()


def test_indices_and_seconds_are_mixed_at_other_rates():
    dialogue = released([4], [event("2.0", "00:03"), instant(9)], fps=2.0)
    assert states(dialogue) == "...sssR.R."  # "2.0" s -> 4, 00:03 -> 6, 9 stays 9
    assert questions(dialogue) == {0: ("q0",), 3: ("q0",)}


def test_what_is_lost_is_counted_with_its_reason():
    dialogue = released([1], [event(1, 3), event(3, 6), instant(11), instant(""), instant(7)])
    assert texts(dialogue) == {6: "@7"}
    assert dialogue.counts.quarantined == {"overwritten": 2, "response_after_end": 1, "unreadable_time": 1}
    assert dialogue.counts.placed == 1
    assert dialogue.counts.balanced()
    assert sorted(row.detail.split(":")[0] for row in dialogue.quarantine) == [
        "response 0", "response 1", "response 2", "response 3",
    ]  # fmt: skip


def test_texts_are_kept_to_the_letter():
    text = "  spaced </Response> "
    assert texts(released([1], [instant(2, text)])) == {1: text}


def test_a_clip_shorter_than_a_frame_step_has_no_turn_and_says_so():
    dialogue = released([1], [instant(1)], turns=0)
    assert [row.reason for row in dialogue.quarantine] == ["no_turn"]
    assert dialogue.counts.balanced()


def test_events_lie_on_the_turns_they_were_written_to():
    dialogue = released([3], [event(5, 6), instant(9)])
    assert [(e.start_s, e.end_s, e.question_turn) for e in dialogue.events] == [(4.0, 6.0, 2), (8.0, 8.0, 2)]
