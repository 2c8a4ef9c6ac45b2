"""The released converter, told again from reference.md (Converter, exactly), in every spelling that it reads.

The restatement decides turn by turn which item was written last, where the code writes item by item; and an
example knows what index its spelling means, so no second parser of times is needed.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from components.protocol import reasons
from components.protocol.batch import VideoLength, convert_all
from components.protocol.convert import convert_sample
from components.protocol.released import DEFAULT_QUESTION

EXAMPLES = settings(
    max_examples=500, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


@dataclass(frozen=True)
class Spelled:
    """A time as a label spells it, and what the released code reads: an index, or seconds that it scales."""

    value: Any
    index: int | None = None
    seconds: float | None = None

    def at(self, fps: float) -> int | None:
        return int(self.seconds * fps) if self.seconds is not None else self.index


UNREAD = [Spelled(value) for value in ("", "  ", None, "abc", "5s", "1:2:3:4", "a:5", [], {})]
HUNDREDTHS = st.integers(-150, 1800).map(lambda n: n / 100)
SECOND = st.integers(0, 75)  # the released code takes 00:75 for 75 seconds


@st.composite
def spelled(draw, odd=True):
    kinds = ["int", "float", "digits", "decimal", "minutes", "hours", *(["unread", "bool"] if odd else [])]
    kind, whole, real = draw(st.sampled_from(kinds)), draw(st.integers(-2, 18)), draw(HUNDREDTHS)
    minutes, second, tenth = draw(st.integers(0, 1)), draw(SECOND), draw(st.sampled_from(["", ".5", ".25"]))
    last = float(f"{second}{tenth}")
    match kind:
        case "int":
            return Spelled(whole, index=whole)
        case "float":
            return Spelled(real, index=int(real))
        case "digits":
            return Spelled(draw(st.sampled_from([f"{whole}", f" {whole} ", f"{whole:+d}"])), index=whole)
        case "decimal":
            return Spelled(f"{real:.2f}", seconds=float(f"{real:.2f}"))
        case "minutes":
            return Spelled(f"{minutes}:{second:02d}{tenth}", seconds=minutes * 60 + last)
        case "hours":
            part = draw(st.sampled_from([0, 0, 0.1, 0.0011]))  # the released code takes parts of an hour, too
            return Spelled(
                f"{part}:{minutes:02d}:{second:02d}{tenth}", seconds=part * 3600 + minutes * 60 + last
            )
        case "bool":
            return Spelled(True, index=1)
    return draw(st.sampled_from(UNREAD))


TEXT = st.sampled_from(["a", "b c", " d ", "", "e\nf"])
QUESTION = st.tuples(TEXT, spelled())
RESPONSE = st.tuples(TEXT, spelled(), spelled(), spelled())
FPS = st.sampled_from([0.5, 1.0, 2.0, 3.0])


def label(asked, said):
    return {
        "id": "s",
        "video_path": "v",
        "question": [{"content": text, "time": time.value} for text, time in asked],
        "response": [
            {"content": text, "st_time": start.value, "end_time": end.value, "time": time.value}
            for text, start, end, time in said
        ],
    }


def before(index: int) -> int:
    """The turn of the second that the released labels call `index`: they count from 1, never below turn 0."""
    return max(0, index - 1)


def written(item, turn, fps):
    """What one response writes on `turn`: its text, "standby" or None."""
    text, *times = item
    start, end, time = (one.at(fps) for one in times)
    if start is not None and end is not None:
        last = before(end)
        if before(start) <= turn <= last:
            return "standby"
        return f"response {text}" if text and turn == last + 1 else None
    return f"response {text}" if text and time is not None and turn == before(time) else None


def asked_on(asked, turn, fps):
    """The question shown on `turn`, or None."""
    here = [
        text for text, time in asked if text and time.at(fps) is not None and before(time.at(fps)) == turn
    ]
    if here:
        return here[-1]
    if turn:
        return None
    return asked[0][0] if asked and asked[0][0] else DEFAULT_QUESTION


DEFECTS = [
    [("q", Spelled("5", index=5))],  # shown at turn 0 before it was asked
    [("first", Spelled(2, index=2)), ("later", Spelled("2.0", seconds=2.0))],  # two on one turn
    [("", Spelled(1, index=1)), ("past the end", Spelled(99, index=99))],
]
NONE = Spelled("")


@given(st.lists(QUESTION, max_size=4), st.lists(RESPONSE, max_size=7), st.integers(1, 18), FPS)
@example([], [], 3, 1.0)
@example(DEFECTS[0], [("a", Spelled(3, index=3), Spelled(5, index=5), NONE)], 8, 1.0)
@example(DEFECTS[1], [("a", Spelled(7, index=7), Spelled(3, index=3), NONE)], 8, 2.0)  # ends before it starts
@example(
    DEFECTS[2], [("a", Spelled(5, index=5), Spelled(9, index=9), NONE)], 7, 1.0
)  # Standby without Response
@example(
    [],
    [("a", NONE, NONE, Spelled(4, index=4)), ("b", Spelled(2, index=2), Spelled(6, index=6), NONE)],
    9,
    1.0,
)
@EXAMPLES
def test_the_released_rules_equal_their_restatement(asked, said, turns, fps):
    raw = label(asked, said)
    dialogue = convert_sample(raw, turns, fps=fps, rules="released")
    expected = []
    for turn in range(turns):
        marks = [mark for item in said if (mark := written(item, turn, fps)) is not None]
        expected.append((marks[-1] if marks else "silence", asked_on(asked, turn, fps)))
    found = [
        (
            t.state.label if t.text is None else f"{t.state.label} {t.text}",
            t.questions[0] if t.questions else None,
        )
        for t in dialogue.turns
    ]
    assert found == expected
    assert all(len(turn.questions) <= 1 for turn in dialogue.turns)
    kept = sum(mark.startswith("response") for mark, _ in expected)
    assert dialogue.counts.placed == kept
    assert kept + sum(dialogue.counts.quarantined.values()) == len(said)


@given(st.integers(0, 400), st.sampled_from([0.5, 1.0, 12.5, 23.976, 29.97, 30.0, 59.94]), FPS)
@EXAMPLES
def test_the_number_of_turns_is_the_number_of_whole_strides(frames, video_fps, fps):
    stride = 1
    while (stride + 1) * fps <= video_fps:  # the largest whole number of frames not above video_fps / fps
        stride += 1
    turns = sum((turn + 1) * stride <= frames for turn in range(frames))
    length = VideoLength(frames / video_fps, frames, video_fps)
    assert length.num_turns("released", fps) == turns
    raw = label([("q", Spelled(1, index=1))], [])
    [dialogue] = convert_all([raw], lambda _: length, rules="released", fps=fps)
    assert len(dialogue.turns) == turns
    assert [row.reason for row in dialogue.quarantine] == ([] if turns else [reasons.NO_TURN])


@given(st.lists(QUESTION, max_size=4), st.lists(RESPONSE, max_size=7), st.integers(1, 18), FPS)
@EXAMPLES
def test_what_the_released_rules_lose_is_named_item_by_item(asked, said, turns, fps):
    dialogue = convert_sample(label(asked, said), turns, fps=fps, rules="released")
    lost = Counter(row.detail.split(":")[0] for row in dialogue.quarantine)
    assert max(lost.values(), default=1) == 1
    assert set(lost) <= {f"question {n}" for n in range(len(asked))} | {
        f"response {n}" for n in range(len(said))
    }
    counts = dialogue.counts
    assert sum(name.startswith("question") for name in lost) == len(asked) - counts.questions_placed
    assert sum(name.startswith("response") for name in lost) == len(said) - counts.placed
