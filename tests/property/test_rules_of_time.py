"""Properties of conversion: conservation, agreement with a slow restatement, released labels after import.

The released rules are told again in test_released_rules.py.
"""

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


@given(messy_labels(), DURATIONS)
@examples(400)
def test_each_response_is_said_once_or_counted_with_its_reason(raw, duration):
    """Corrected rules: no text is lost, said twice or made up; no question either."""
    for n, item in enumerate(raw["response"]):
        if isinstance(item["content"], str) and item["content"].strip():
            item["content"] = f"{item['content']} r{n}"
    dialogue = convert_sample(raw, num_turns(duration), duration_s=duration)
    said = [line for turn in dialogue.turns if turn.text for line in turn.text.split("\n")]
    counts, responses = dialogue.counts, raw["response"]
    assert sorted(said) == sorted(event.text for event in dialogue.events)
    assert len(set(said)) == len(said) == counts.placed
    assert set(said) <= {str(item["content"]).strip() for item in responses}
    shown = [question for turn in dialogue.turns for question in turn.questions]
    if not dialogue.turns:
        assert len(dialogue.quarantine) == 1 and not said
        assert counts.quarantined.total() == len(responses)
        assert counts.questions_quarantined.total() == len(raw["question"])
        return
    assert sorted(shown) == sorted(item["content"].strip() for item in raw["question"])
    named = {row.detail.split(":")[0] for row in dialogue.quarantine}
    lost = [f"response {n}" for n, item in enumerate(responses) if str(item["content"]).strip() not in said]
    assert named <= set(lost) and len(named) == len(dialogue.quarantine)
    assert len(lost) - len(named) == counts.before_question


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
