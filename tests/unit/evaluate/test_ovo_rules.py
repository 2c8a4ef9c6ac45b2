import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.evaluate.ovo_rules import PointScore, official, strict, table


@pytest.mark.parametrize(
    ("task", "answer", "truth", "by_official", "by_strict"),
    [
        ("EPM", "B", "B", True, True),
        ("EPM", "B. the Door", "B", True, True),
        ("EPM", "(B) the door", "B", True, True),
        (
            "EPM",
            "A. Blue door",
            "B",
            True,
            False,
        ),  # the substring rule credits a capital inside a wrong option
        ("EPM", "A person walks", "A", True, False),
        ("EPM", "b", "B", False, False),
        ("EPM", None, "B", False, False),
        ("REC", "3", "3", True, True),
        ("REC", "3 times", "3", True, True),
        ("REC", "1 and 2", "12", True, False),  # all digits are joined
        ("REC", "2, then 3", "3", False, False),
        ("REC", "none", "0", False, False),
        ("SSR", "Y", "Yes", True, True),
        ("SSR", "N", "Yes", False, False),
        ("CRR", "Not yet", "No", True, False),
        ("CRR", "Yes, No", "No", True, False),
        ("CRR", "yes", "Yes", False, False),
        ("CRR", None, "No", False, False),
    ],
)
def test_official_and_strict_reading_of_one_answer(task, answer, truth, by_official, by_strict):
    assert official(task, answer, truth) is by_official
    assert strict(task, answer, truth) is by_strict


def test_a_group_is_the_mean_of_its_tasks_present_and_total_the_mean_of_groups_present():
    points = [PointScore("REC", 1, n, float(n < 1)) for n in range(4)] + [PointScore("CRR", 2, 0, 1.0)]
    shown = table(points)
    assert shown["tasks"] == {
        "REC": {"correct": 1, "total": 4, "accuracy": 25.0},
        "CRR": {"correct": 1, "total": 1, "accuracy": 100.0},
    }
    assert shown["groups"] == {"backward": None, "realtime": None, "forward": 62.5}
    assert shown["total"] == 62.5


def test_no_point_at_all_is_null_everywhere():
    assert table([]) == {
        "tasks": {},
        "groups": {"backward": None, "realtime": None, "forward": None},
        "total": None,
    }


@given(
    st.sampled_from(["EPM", "REC", "SSR", "CRR"]),
    st.text(alphabet="ABYN YesNo.,()12\n", max_size=8),
    st.sampled_from(["A", "B", "1", "12", "Yes", "No"]),
)
def test_what_is_strictly_right_is_officially_right(task, answer, truth):
    assert official(task, answer, truth) or not strict(task, answer, truth)
