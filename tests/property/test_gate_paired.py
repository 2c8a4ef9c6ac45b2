"""The gate's statistics for any tables: the scores' own numbers, and no favourite among two models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from components.evaluate.state_scores import Watched
from components.evaluate.state_scores import macro_f1 as scored_f1
from components.protocol.states import LABELS
from components.registry.paired import Task, accuracy, compare, macro_f1

STATES = arrays(np.int64, st.tuples(st.just(2), st.integers(1, 30)), elements=st.integers(0, 2))


@given(STATES)
def test_macro_f1_is_that_of_the_scores(states: np.ndarray) -> None:
    truth, said = states
    table = np.zeros((3, 3))
    np.add.at(table, (truth, said), 1)
    watched = Watched("s", "v", "tsqa", [LABELS[i] for i in truth], [LABELS[i] for i in said])
    # The scores round each state's F1 to two decimals.
    assert float(macro_f1(table.reshape(9))) == pytest.approx(scored_f1([watched]), abs=0.01)


@st.composite
def tasks(draw: st.DrawFn) -> list[Task]:
    """One to three tasks of up to eight sets of up to three points."""
    found = []
    for number in range(draw(st.integers(1, 3))):
        sets = draw(st.integers(1, 8))
        counts = draw(arrays(np.int64, sets, elements=st.integers(1, 3)))
        sides = [
            np.minimum(draw(arrays(np.int64, sets, elements=st.integers(0, 3))), counts) for _ in range(2)
        ]
        cells = [np.stack([right, counts], 1).astype(float) for right in sides]
        found.append(Task(str(number), sets, *cells))
    return found


@settings(max_examples=40, deadline=None)
@given(tasks())
def test_swapping_the_models_turns_the_difference_round(given_tasks: list[Task]) -> None:
    swapped = [Task(task.name, task.clips, task.champion, task.candidate) for task in given_tasks]
    one, other = compare("g", given_tasks, accuracy), compare("g", swapped, accuracy)
    assert one.difference == pytest.approx(-other.difference, abs=1e-9)
    assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]), abs=0.011)
    assert -100 <= one.interval[0] <= one.interval[1] <= 100
    same = compare("g", [Task(t.name, t.clips, t.champion, t.champion) for t in given_tasks], accuracy)
    assert (same.difference, same.interval) == (0.0, (0.0, 0.0))
