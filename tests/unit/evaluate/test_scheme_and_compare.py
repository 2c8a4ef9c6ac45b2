import numpy as np
import pytest

from components.core.errors import DataError
from components.core.seeds import rng
from components.evaluate.compare import paired
from components.evaluate.scheme import Scheme, Scored, intervals, table, with_intervals

GROUPED = Scheme({"near": ("a", "b"), "far": ("c",)}, "groups")


def points(credits, task="a", videos=None):
    """One point a video unless `videos` says how many share one."""
    return [Scored(f"{task}{n}", f"v{n // (videos or 1)}", task, value) for n, value in enumerate(credits)]


def test_groups_are_means_of_tasks_and_the_total_is_what_the_scheme_says():
    scored = [*points([1, 0]), *points([1, 1, 1, 0], "b"), *points([0, 0], "c")]
    shown = table(scored, GROUPED)
    assert shown["tasks"]["b"] == {"correct": 3, "total": 4, "accuracy": 75.0}
    assert shown["groups"] == {"near": 62.5, "far": 0.0}
    assert shown["total"] == 31.25
    assert table(scored, Scheme(GROUPED.groups, "tasks"))["total"] == 41.67
    assert table(scored, Scheme(GROUPED.groups, "points"))["total"] == 50.0


def test_a_task_and_a_group_without_points_are_left_out_and_parts_of_a_credit_count():
    shown = table(points([0.25, 0.5]), GROUPED)
    assert shown["tasks"] == {"a": {"correct": 0.75, "total": 2, "accuracy": 37.5}}
    assert shown["groups"] == {"near": 37.5, "far": None} and shown["total"] == 37.5
    assert table([], GROUPED) == {"tasks": {}, "groups": {"near": None, "far": None}, "total": None}


def test_the_interval_of_a_share_agrees_with_its_standard_error():
    credits = rng(0, "coin").integers(0, 2, 400).tolist()
    low, high = intervals(points(credits), GROUPED, 0)["tasks"]["a"]
    share = float(np.mean(credits))
    error = 100 * (share * (1 - share) / 400) ** 0.5
    assert low == pytest.approx(100 * share - 1.96 * error, abs=0.6)
    assert high == pytest.approx(100 * share + 1.96 * error, abs=0.6)


def test_points_of_one_video_are_drawn_together_which_widens_the_interval():
    alone = [bit for bit in rng(0, "coin").integers(0, 2, 100).tolist() for _ in range(4)]
    wide, narrow = (intervals(points(alone, videos=n), GROUPED, 0)["tasks"]["a"] for n in (4, 1))
    assert wide[1] - wide[0] > 1.7 * (narrow[1] - narrow[0])


def test_one_video_has_no_interval():
    shown = with_intervals(points([1, 0, 1], videos=3), GROUPED, 0)
    assert shown["total"] == 66.67
    assert shown["intervals"] == {
        "tasks": {"a": None}, "groups": {"near": None, "far": None}, "total": None, "videos": 1
    }  # fmt: skip


def test_equal_runs_do_not_differ_and_a_better_one_does():
    credits = rng(0, "coin").integers(0, 2, 200).tolist()
    same = paired(points(credits), points(credits), GROUPED, 0)
    assert same["total"] == {
        "first": same["total"]["second"], "second": same["total"]["second"], "difference": 0.0,
        "interval": [0.0, 0.0], "p": 1.0, "n": 200,
    }  # fmt: skip
    better = [1 if n % 5 == 0 else value for n, value in enumerate(credits)]
    found = paired(points(better), points(credits), GROUPED, 0)["tasks"]["a"]
    assert found["difference"] > 0 and found["interval"][0] > 0 and found["p"] < 0.01


def test_pairing_takes_out_what_a_video_is_worth_to_both():
    hard = [float(n % 2) for n in range(100)]
    other = [1.0 if n in (0, 10, 20) else value for n, value in enumerate(hard)]
    found = paired(points(other), points(hard), GROUPED, 0)["total"]
    alone = intervals(points(hard), GROUPED, 0)["total"]
    assert found["interval"][1] - found["interval"][0] < 0.5 * (alone[1] - alone[0])


def test_the_p_value_is_below_5_percent_in_5_percent_of_runs_that_do_not_differ():
    small = 0
    for number in range(200):
        first, second = rng(number, "null").integers(0, 2, (2, 60)).tolist()
        small += paired(points(first), points(second), GROUPED, number)["total"]["p"] < 0.05
    assert 2 <= small <= 20  # 10 expected; 95 % of 200 draws at 5 % lie within 4 and 17


def test_points_without_a_partner_are_counted_and_strange_pairs_refused():
    found = paired(points([1, 0, 1]), points([1, 0]), GROUPED, 0)
    assert (found["points"], found["only_first"], found["only_second"]) == (2, 1, 0)
    with pytest.raises(DataError, match="no test point in common"):
        paired(points([1]), points([1], "b"), GROUPED, 0)
    with pytest.raises(DataError, match="a0 occurs twice"):
        paired(points([1]) * 2 + points([1]), points([1]), GROUPED, 0)
    with pytest.raises(DataError, match="test point a0"):
        paired(points([1]), [Scored("a0", "elsewhere", "a", 1.0)], GROUPED, 0)
