"""States, turns, messages and the times that texts tell."""

import pytest

from components.protocol.states import STATES, State, contains_state_token, from_label
from components.protocol.turns import FRAME, SYSTEM_PROMPT, Dialogue, Turn, shift_times, time_tag

DIALOGUE = Dialogue(
    "s",
    "v.mp4",
    "tsqa",
    "test",
    3.0,
    [
        Turn(0, ("What is left?", "And on top?"), State.SILENCE, None),
        Turn(1, (), State.STANDBY, None),
        Turn(2, (), State.RESPONSE, "a ball, from 0s to 2s"),
    ],
)


def test_messages_hold_questions_tag_frame_and_state():
    first, *rest = DIALOGUE.messages()
    assert first == {"role": "system", "content": SYSTEM_PROMPT}
    assert [message["role"] for message in rest] == ["user", "assistant"] * 3
    assert [message["content"] for message in rest] == [
        f"What is left?\nAnd on top?\n<0s-1s>\n{FRAME}",
        "</Silence>",
        f"<1s-2s>\n{FRAME}",
        "</Standby>",
        f"<2s-3s>\n{FRAME}",
        "</Response> a ball, from 0s to 2s",
    ]


def test_an_offset_moves_tags_and_told_times_together():
    contents = [message["content"] for message in DIALOGUE.messages(offset=300)]
    assert contents[3].startswith("<301s-302s>")
    assert contents[6] == "</Response> a ball, from 300s to 302s"


def test_a_quarantined_sample_has_no_messages():
    assert Dialogue("s", "v.mp4", "tsqa", "test", 3.0, []).messages() == []


def test_time_tags():
    assert time_tag(3) == "<3s-4s>"
    assert time_tag(0, offset=700) == "<700s-701s>"


@pytest.mark.parametrize(
    ("text", "shifted"),
    [
        ("from 3s to 6s", "from 103s to 106s"),
        ("between 34s and 50s.", "between 134s and 150s."),
        ("3s-6s", "103s-106s"),
        ("at 5s it rains, after 7.5s it stops", "at 105s it rains, after 107.5s it stops"),
        ("from 3s until 6s and at 9s", "from 103s until 106s and at 109s"),
        ("At 1s, 4s and 9.75s", "At 101s, 104s and 109.75s"),
        ("music of the 1980s", "music of the 1980s"),
        ("3 of them", "3 of them"),
    ],
)
def test_told_times_are_shifted_once_and_nothing_else_is(text, shifted):
    assert shift_times(text, 100) == shifted
    assert shift_times(text, 0) == text


def test_states_and_their_labels():
    assert [from_label(state.label) for state in STATES] == list(STATES)
    with pytest.raises(ValueError, match="unknown state 'talk'"):
        from_label("talk")


@pytest.mark.parametrize("text", ["</Response>", "a </silence> b", "< / Standby >", "x</RESPONSE>y"])
def test_state_tokens_in_foreign_text_are_seen(text):
    assert contains_state_token(text)


@pytest.mark.parametrize("text", ["Response", "silence fell", "<standby>", ""])
def test_plain_words_are_no_state_tokens(text):
    assert not contains_state_token(text)
