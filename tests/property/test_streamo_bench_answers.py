"""Whatever a prediction file holds, a set is scored: nothing crashes, nothing unreadable earns anything."""

import math
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.evaluate.streamo_bench.content import RULES, same
from components.evaluate.streamo_bench.measure import measure
from components.evaluate.streamo_bench.policies import perfect
from components.evaluate.streamo_bench.said import Said, after, read_row
from components.protocol.states import LABELS, STATES
from tests.support.bench_sets import world_set

BENCH = world_set(2)
SPELLED = st.sampled_from(
    [state.value for state in STATES] + ["A or B", "\uff11\uff12", "x" * 10_000, "from 9 to"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | SPELLED,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
ROWS = st.one_of(
    st.fixed_dictionaries({"states": ANYTHING, "texts": ANYTHING}),
    st.fixed_dictionaries({"states": st.lists(st.sampled_from(LABELS), max_size=30), "texts": ANYTHING}),
    st.fixed_dictionaries({"responses": ANYTHING}),
    st.fixed_dictionaries(
        {"responses": st.lists(st.fixed_dictionaries({"time_s": ANYTHING, "text": ANYTHING}), max_size=5)}
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ROWS, st.sampled_from(BENCH.tasks), st.sampled_from(RULES))
def test_any_row_is_read_and_scored(row, task, rule):
    said = after(read_row(row, Counter()), task.asked_s, Counter())
    found = measure(task, said, rule)
    assert all(math.isfinite(value) for value in found.values())
    assert 0 <= found["hits"] <= min(found["said"], found["truths"])
    assert found["credited"] <= found["truths"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(BENCH.tasks), st.lists(st.tuples(st.integers(0, 40), st.text(max_size=20)), max_size=20)
)
def test_more_answers_never_raise_the_precision_of_a_perfect_stream(task, more):
    full = perfect(task)
    extra = after([*full, *[Said(float(t), text) for t, text in more]], task.asked_s, Counter())
    before, found = measure(task, full, "exact"), measure(task, extra, "exact")
    assert found["hits"] / found["said"] <= before["hits"] / before["said"] == 1
    assert found["hits"] <= before["hits"]


@settings(deadline=None)
@given(st.text(max_size=30), st.sampled_from(["2", "red square dropped"]))
def test_a_state_token_or_nothing_is_no_content(text, truth):
    assert not same("", truth, "overlap")
    for state in STATES:
        assert not same(state.value, truth, "overlap")
        assert not same(f"{state.value} {text}", truth, "exact")  # its word is one too many
