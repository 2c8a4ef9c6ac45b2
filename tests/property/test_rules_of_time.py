"""Properties of conversion: conservation, agreement with a slow restatement, released labels after import."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.protocol.convert import convert_sample, num_turns
from components.protocol.importer import from_released
from components.protocol.states import State
from components.protocol.tables import read_samples, write_turns


def examples(count):
    """The same examples in every run; a busy machine is no failure."""
    return settings(
        max_examples=count, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
    )


SECONDS = st.one_of(st.integers(0, 14), st.floats(0, 14, allow_nan=False).map(lambda x: round(x, 2)))
JUNK = st.sampled_from(
    ["", None, "abc", -1, -0.5, float("nan"), "01:05", "7", "3.5", "00:00:04", True, [], "1:2:3:4", 99]
)
TEXT = st.sampled_from(["a", "b c", "", "  ", None, 7, "x </Response> y", "<stream>", "</standby>"])


def sample(questions, responses):
    asked = [{"content": f"q{n}", "time": time} for n, time in enumerate(questions)]
    return {
        "id": "s",
        "video_path": "v",
        "task_type": "t",
        "source": "s",
        "question": asked,
        "response": responses,
    }


def span(n, start, end):
    return {"content": f"r{n}", "st_time": start, "end_time": end, "time": ""}


def moment(n, time):
    return {"content": f"r{n}", "st_time": "", "end_time": "", "time": time}


@st.composite
def clean_labels(draw):
    questions = draw(st.lists(SECONDS, min_size=1, max_size=3))
    kinds = draw(st.lists(st.tuples(st.booleans(), SECONDS, SECONDS), max_size=8))
    responses = [
        span(n, min(a, b), max(a, b)) if wide else moment(n, a) for n, (wide, a, b) in enumerate(kinds)
    ]
    return sample(questions, responses)


@st.composite
def messy_labels(draw):
    times = st.one_of(SECONDS, JUNK)
    item = st.fixed_dictionaries(
        {"content": TEXT, "time": times}, optional={"st_time": times, "end_time": times}
    )
    questions = draw(st.lists(st.fixed_dictionaries({"content": TEXT, "time": times}), max_size=3))
    return {**sample([], draw(st.lists(item, max_size=6))), "question": questions}


DURATIONS = st.one_of(st.integers(1, 12).map(float), st.floats(0.1, 12).map(lambda x: round(x, 3)))


@given(
    messy_labels(), DURATIONS, st.sampled_from(["corrected", "released"]), st.sampled_from([0.5, 1.0, 2.0])
)
@examples(400)
def test_nothing_is_lost_uncounted(raw, duration, rules, fps):
    dialogue = convert_sample(raw, num_turns(duration), duration_s=duration, fps=fps, rules=rules)
    counts = dialogue.counts
    assert counts.questions_in == len(raw["question"])
    assert counts.responses_in == len(raw["response"])
    assert counts.questions_in == counts.questions_placed + sum(counts.questions_quarantined.values())
    assert counts.responses_in == counts.placed + counts.before_question + sum(counts.quarantined.values())
    assert counts.placed >= counts.shifted + counts.moved_to_end + counts.joined
    assert len(dialogue.events) == counts.placed
    assert [turn.turn for turn in dialogue.turns] == list(range(len(dialogue.turns)))
    assert len(dialogue.turns) in (0, num_turns(duration))
    assert bool(dialogue.turns) or bool(dialogue.quarantine)
    for turn in dialogue.turns:
        assert (turn.text is not None) == (turn.state is State.RESPONSE)


def restated(raw, turns, duration):
    """States and texts by asking what holds at every whole second; None where the sample is set aside."""
    asked = [item["time"] for item in raw["question"]]
    if any(all(second < q for second in range(turns)) for q in asked):
        return None
    first_turn = {q: next(second for second in range(turns) if second >= q) for q in asked}
    kept, standing = [], {}
    for n, item in enumerate(raw["response"]):
        wide = item["time"] == ""
        start, end = (item["st_time"], item["end_time"]) if wide else (item["time"], item["time"])
        if start >= duration:
            continue
        before = [q for q in asked if q <= end]
        q = max(before) if before else min(asked)
        if end > q:
            kept.append((end, n, start if wide else None, q, item["content"]))
        elif not wide:
            standing[q] = max(standing.get(q, (-1, -1)), (end, n, None, q, item["content"]))
    kept = sorted([*kept, *standing.values()], key=lambda row: row[:2])
    said = {}
    for end, _, _, q, text in kept:
        candidates = [s for s in range(turns) if s >= end and s >= first_turn[q]] or [turns - 1]
        free = [s for s in candidates if s not in said]
        said.setdefault(free[0] if free else turns - 1, []).append(text)
    states = []
    for second in range(turns):
        shown = any(s is not None and s <= second < e and second >= first_turn[q] for e, _, s, q, _ in kept)
        states.append("response" if second in said else "standby" if shown else "silence")
    return states, {second: "\n".join(lines) for second, lines in said.items()}


@given(clean_labels(), DURATIONS)
@examples(400)
def test_the_corrected_rules_equal_their_restatement(raw, duration):
    turns = num_turns(duration)
    dialogue = convert_sample(raw, turns, duration_s=duration)
    expected = restated(raw, turns, duration)
    if expected is None:
        assert dialogue.turns == []
        assert dialogue.quarantine[0].reason == "question_after_end"
        return
    states, texts = expected
    assert [turn.state.label for turn in dialogue.turns] == states
    assert {turn.turn: turn.text for turn in dialogue.turns if turn.text} == texts
    for event in dialogue.events:
        assert 0 <= event.start_s <= event.end_s
        assert event.start_s < duration
        assert math.ceil(event.end_s) >= event.question_turn


def released_restated(raw, turns, fps):
    """The released converter told over, on strings (reference.md, Converter)."""

    def index(value):
        if isinstance(value, str) and not value.strip():
            return None
        if not isinstance(value, str):
            return int(value)
        if ":" in value:
            hours, minutes, seconds = ([0.0, 0.0] + [float(part) for part in value.split(":")])[-3:]
            return int((hours * 3600 + minutes * 60 + seconds) * fps)
        return int(float(value) * fps) if "." in value else int(value)

    lines, shown = ["silence"] * turns, {}
    for item in raw["question"]:
        turn = max(0, index(item["time"]) - 1)
        if turn < turns:
            shown[turn] = item["content"]
    shown.setdefault(0, raw["question"][0]["content"])
    for item in raw["response"]:
        if item["time"] == "":
            last = max(0, index(item["end_time"]) - 1)
            for turn in range(max(0, index(item["st_time"]) - 1), last + 1):
                if turn < turns:
                    lines[turn] = "standby"
            target = last + 1
        else:
            target = max(0, index(item["time"]) - 1)
        if target < turns:
            lines[target] = "response " + item["content"]
    return lines, shown


SPELLED = st.one_of(
    SECONDS,
    SECONDS.map(str),
    st.integers(0, 14).map(lambda s: f"00:{s:02d}"),
    st.integers(0, 9).map(lambda s: f"0:00:0{s}"),
)


@given(
    st.lists(SPELLED, min_size=1, max_size=3),
    st.lists(st.tuples(st.booleans(), SPELLED, SPELLED), max_size=6),
    st.integers(1, 16),
    st.sampled_from([0.5, 1.0, 2.0]),
)
@examples(400)
def test_the_released_rules_equal_their_restatement(asked, kinds, turns, fps):
    raw = sample(asked, [span(n, a, b) if wide else moment(n, a) for n, (wide, a, b) in enumerate(kinds)])
    dialogue = convert_sample(raw, turns, fps=fps, rules="released")
    lines, shown = released_restated(raw, turns, fps)
    told = [t.state.label if t.text is None else f"{t.state.label} {t.text}" for t in dialogue.turns]
    assert told == lines
    assert {turn.turn: turn.questions for turn in dialogue.turns if turn.questions} == {
        turn: (question,) for turn, question in shown.items()
    }


@st.composite
def released_without_defects(draw):
    """Released labels none of whose known defects shows: whole seconds, in order, apart, inside the video."""
    start = draw(st.integers(1, 4))
    responses, second = [], start
    for n, (gap, length, wide) in enumerate(
        draw(st.lists(st.tuples(st.integers(2, 4), st.integers(0, 4), st.booleans()), max_size=5))
    ):
        first = second + gap
        responses.append(span(n, first, first + length) if wide else moment(n, first + 1))
        second = first + length
    return sample([start], responses), second + 1 + draw(st.integers(0, 3))


@given(released_without_defects())
@examples(200)
def test_imported_released_labels_give_the_released_states(case):
    raw, turns = case
    released = convert_sample(raw, turns, rules="released")
    corrected = convert_sample(from_released(raw), turns)
    assert [(t.state, t.text) for t in corrected.turns] == [(t.state, t.text) for t in released.turns]
    asked = raw["question"][0]["time"] - 1
    assert released.turns[asked].questions == corrected.turns[asked].questions == ("q0",)
    assert corrected.counts.placed == released.counts.placed == len(raw["response"])


@given(st.lists(clean_labels(), max_size=5), DURATIONS)
@examples(50)
def test_turns_survive_the_table(tmp_path_factory, raws, duration):
    path = tmp_path_factory.getbasetemp() / "turns.parquet"
    turns = num_turns(duration)
    dialogues = [
        convert_sample({**raw, "id": f"s{n}"}, turns, duration_s=duration) for n, raw in enumerate(raws)
    ]
    write_turns(path, dialogues)
    usable = [dialogue for dialogue in dialogues if dialogue.turns]
    back = list(read_samples(path))
    assert [d.turns for d in back] == [d.turns for d in usable]
    assert [(d.sample_id, d.duration_s) for d in back] == [(d.sample_id, d.duration_s) for d in usable]


def test_the_restatement_sees_the_example_of_the_design():
    raw = sample([4.3], [span(0, 3, 6)])
    states, texts = restated(raw, 10, 10.0)
    assert states == ["silence"] * 5 + ["standby", "response"] + ["silence"] * 3
    assert texts == {6: "r0"}
    with pytest.raises(TypeError):
        restated(sample([None], []), 10, 10.0)
