"""From streams to official answers: last count, state to Yes or No, text to letter; all of it counted."""

import pytest

from components.evaluate.ovo_bench.items import plan_item
from components.evaluate.ovo_bench.official import answer_streams, answer_texts, read_letter
from components.evaluate.ovo_bench.watch import Watched
from components.evaluate.streams import Stream
from tests.support.ovo_bench_set import crr, letter, rec, ssr

OPTIONS = ["A lamp.", "The ball", "a red cube", "two", "two"]


def answered(entry, *streams, cuts=()):
    item = plan_item(entry, 20, protocol="online", seed=0)
    cuts = cuts or tuple({} for _ in streams)
    return answer_streams(Watched(item, streams, cuts))


def stream(entry, turns, said=(), asked=0, **more):
    states = ["silence"] * turns
    for turn in dict(said):
        states[turn] = "response"
    return Stream(entry["id"], entry["task"], asked, states, dict(said), **more)


@pytest.mark.parametrize(
    ("text", "letter", "how"),
    [
        ("The Ball.", "B", "exact"),
        ("c", "C", "letter"),
        ("B. The ball", "B", "leading_letter"),
        ("(D) two", "D", "leading_letter"),
        ("two", None, "unread"),  # two options share the text
        ("A or B", None, "several"),
        ("A person walks past the ball", None, "unread"),
        ("</Response> B", None, "state_token"),
        ("", None, "missing"),
        (None, None, "missing"),
    ],
)
def test_text_to_letter(text, letter, how):
    assert read_letter(text, OPTIONS) == (letter, how)


def test_a_letter_question_takes_the_first_response_and_silence_is_no_answer():
    entry = letter(1, "ASI", "v.mp4", 6.5)
    silent = answered(entry, stream(entry, 7, asked=6, forced="a red cube"))
    assert silent.given["default"] == [None] and silent.given["forced"] == ["C"]
    assert silent.how == {"silent": 1}
    spoken = answered(entry, stream(entry, 5, {3: "B", 4: "a red cube"}, asked=3, forced="B"))
    assert spoken.given["default"] == ["B"] and spoken.how == {"letter": 1}
    assert answered(entry, stream(entry, 7, {6: ""}, asked=6, forced="")).how == {"empty": 1}


def test_rec_is_the_last_number_by_the_point():
    entry = rec(2, "v.mp4", [3, 8.25, 12])
    found = answered(entry, stream(entry, 13, {4: "1 jump", 8: "nothing", 12: "it jumped 2 3 times"}))
    assert found.given["default"] == ["0", "1", "3"]
    assert found.how == {"none_said": 1, "number_said": 2}


def test_ssr_is_the_state_and_beside_it_the_spoken_span():
    entry = ssr(3, "v.mp4", [3, 7.75])
    opened = stream(entry, 8, {3: "from 6s to 8s"}, step="open the box")
    closed = stream(entry, 8, step="close the box")
    closed.states[7] = "standby"
    found = answered(entry, opened, closed)
    assert found.given["default"] == ["Yes", "No", "No", "Yes"]
    assert found.given["interval"] == ["No", "No", "Yes", "No"]
    assert found.how == {"state_response": 1, "state_silence": 2, "state_standby": 1}


def test_crr_is_yes_once_answered_and_strictly_not_before_the_clue():
    entry = crr(4, "v.mp4", 4, 7, [4, 6, 9.5])
    early = answered(entry, stream(entry, 10, {5: "a box"}, asked=4))
    assert early.given["default"] == ["No", "Yes", "Yes"] and early.given["strict"] == ["No", "Yes", None]
    late = answered(entry, stream(entry, 10, {8: "a box"}, asked=4))
    assert late.given["default"] == late.given["strict"] == ["No", "No", "Yes"]
    assert late.how == {"not_responded": 2, "responded": 1}


def test_a_point_does_not_see_later_turns_nor_its_turns_later_pictures():
    entry = rec(2, "v.mp4", [8.25, 12])
    watched = stream(entry, 13, {8: "7", 9: "9"})
    found = answered(entry, watched, cuts=({0: ("response", "5")},))
    assert found.given["default"] == ["5", "9"]
    silent = answered(entry, watched, cuts=({0: ("silence", None)},))
    assert silent.given["default"] == ["0", "9"]


def test_polled_texts_go_to_the_rule_as_they_are_and_letters_are_read():
    item = plan_item(letter(1, "OCR", "v.mp4", 6), 20, protocol="online", seed=0)
    assert answer_texts(item, ["C. a red cube"]).given == {"default": ["C"]}
    many = plan_item(rec(2, "v.mp4", [3, 5, 7]), 20, protocol="online", seed=0)
    found = answer_texts(many, ["2 times", "1 or 2", ""])
    assert found.given == {"default": ["2 times", "1 or 2", ""]}
    assert found.how == {"one_number": 1, "no_single_number": 2}
    asked = plan_item(crr(4, "v.mp4", 4, 7, [4, 6, 9]), 20, protocol="online", seed=0)
    assert answer_texts(asked, ["Yes", "No.", "Yes and No"]).how == {
        "yes": 1,
        "no": 1,
        "no_single_yes_or_no": 1,
    }
