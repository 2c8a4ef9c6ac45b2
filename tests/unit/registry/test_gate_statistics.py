"""The paired bootstrap of the gate: what it promises over many simulated pairs, and what it tells."""

from math import comb

import numpy as np
import pytest

from components.core.seeds import rng
from components.registry.gate_groups import judge_group
from components.registry.paired import Task, accuracy, compare, macro_f1, unseen_loss
from tests.support.gate_points import grouped, ovo, simulated, validation

MARGIN = 10.0


def pair_of_tasks(seed: int, *, sets: int, loss: float, shared: float) -> list[Task]:
    """Three tasks of matched sets of two points; the true difference is `-100 * (1 - shared) * loss`."""
    generator = rng(seed, "coverage")
    tasks = []
    for name in ("CRR", "REC", "SSR"):
        chance = 0.6 + generator.choice([-0.1, 0.1], (sets, 1))
        theirs = generator.random((sets, 2)) < chance
        same = generator.random((sets, 2)) < shared
        ours = np.where(same, theirs, generator.random((sets, 2)) < chance - loss)
        counts = np.full(sets, 2.0)
        tasks.append(
            Task(name, 2 * sets, np.stack([ours.sum(1), counts], 1), np.stack([theirs.sum(1), counts], 1))
        )
    return tasks


def binomial_range(count: int, rate: float, level: float) -> tuple[int, int]:
    """The equal-tailed range that a binomial count lies in with at least probability `level`."""
    below, low, high = 0.0, None, 0
    for hits in range(count + 1):
        below += comb(count, hits) * rate**hits * (1 - rate) ** (count - hits)
        if low is None and below > (1 - level) / 2:
            low = hits
        if below >= 1 - (1 - level) / 2:
            high = hits
            break
    return low or 0, high


def test_each_bound_errs_as_often_as_it_says() -> None:
    trials, truth, over, under = 400, -10.0, 0, 0
    for seed in range(trials):
        low, high = compare("forward", pair_of_tasks(seed, sets=60, loss=0.2, shared=0.5), accuracy).interval
        over += low > truth
        under += high < truth
    fewest, most = binomial_range(trials, 0.025, 0.99)
    assert (fewest, most) == (3, 19)
    assert fewest <= over <= most and fewest <= under <= most


def test_equal_candidates_pass_on_many_points_and_fifteen_points_worse_never() -> None:
    for seed in range(20):
        equal = compare("forward", pair_of_tasks(seed, sets=400, loss=0.0, shared=0.5), accuracy)
        worse = compare("forward", pair_of_tasks(seed, sets=400, loss=0.3, shared=0.5), accuracy)
        assert equal.interval[0] >= -MARGIN
        assert worse.interval[0] < -MARGIN, "15 points worse"


def test_a_pair_is_told_apart_more_sharply_than_two_samples() -> None:
    tasks = pair_of_tasks(1, sets=120, loss=0.1, shared=0.8)
    paired = compare("forward", tasks, accuracy)
    generator = rng(0, "unpair")
    # The same scores, but the champion's sets stand beside other sets of the candidate.
    apart = [
        Task(task.name, task.clips, task.candidate, generator.permutation(task.champion)) for task in tasks
    ]
    unpaired = compare("forward", apart, accuracy)
    assert unpaired.difference == paired.difference
    assert width(paired.interval) < 0.75 * width(unpaired.interval)


def width(interval: tuple[float, float]) -> float:
    return interval[1] - interval[0]


def test_a_planted_loss_of_twenty_points_is_refused_with_its_interval_and_clips() -> None:
    candidate, champion = simulated(3, sets=40, loss=0.4, shared=0.5)
    found = judge_group(grouped(candidate, champion), MARGIN)
    assert not found["passed"]
    low, high = found["interval"]
    assert low < -20 + 8 and low <= found["difference"] <= high < 0
    assert found["reason"].startswith(
        f"worse than the champion: {found['difference']:+.2f} points [{low:+.2f}"
    )
    right = {
        point["video_id"]: (own["correct"], point["correct"])
        for own, point in zip(candidate["points"], champion["points"], strict=True)
    }
    lost = sorted(video for video, (ours, its) in right.items() if its and not ours)
    assert sorted(row["video_id"] for row in found["worse"]) == lost and len(lost) > 20
    assert {(row["candidate"], row["champion"]) for row in found["worse"]} == {(0.0, 100.0)}
    assert (found["n"], found["unit"], found["points"]) == (120, "matched sets", 240)


def test_the_worst_clips_come_first() -> None:
    truth = rng(0, "truth").integers(0, 3, (20, 12))
    said = truth.copy()
    said[4:6, :9] = (said[4:6, :9] + 1) % 3
    said[10:12, :3] = (said[10:12, :3] + 1) % 3
    found = judge_group(grouped(validation(truth, said), validation(truth, truth)), MARGIN)
    assert [row["video_id"] for row in found["worse"]] == ["train/c0002.mp4", "train/c0005.mp4"]
    assert found["worse"][0]["candidate"] < found["worse"][1]["candidate"] < 100.0
    assert (found["n"], found["unit"], found["points"]) == (10, "videos", 20)


def test_the_same_pair_gives_the_same_bytes_in_any_order() -> None:
    candidate, champion = simulated(5, sets=30, loss=0.1)
    first = judge_group(grouped(candidate, champion), MARGIN)
    shuffled = judge_group(grouped(ovo(candidate["points"][::-1]), champion), MARGIN)
    assert first == shuffled


@pytest.mark.parametrize(("sets", "passed"), [(5, False), (60, True)])
def test_few_points_pass_nothing_even_where_none_got_worse(sets: int, passed: bool) -> None:
    candidate, champion = simulated(1, sets=sets, shared=1.0)
    found = judge_group(grouped(candidate, champion), MARGIN)
    assert found["interval"] == [0.0, 0.0]
    assert found["passed"] is passed
    if not passed:
        assert "too few clips" in found["reason"] and f"{3 * sets} matched sets" in found["reason"]
        assert "a larger held-out set or margin" in found["reason"]


def test_a_wide_interval_says_that_the_margin_is_narrower() -> None:
    candidate, champion = simulated(2, sets=12, shared=0.0)
    found = judge_group(grouped(candidate, champion), MARGIN)
    low, high = found["interval"]
    assert low < -MARGIN < 0 < high and not found["passed"]
    assert "the interval is wider than the margin: 36 matched sets, 72 points" in found["reason"]


def test_matched_points_are_preferred_and_naive_ones_used_where_there_are_no_others() -> None:
    candidate, champion = simulated(4, sets=10)
    for value in (candidate, champion):
        value["points"] += [
            {**point, "id": f"naive-{point['id']}", "column": "naive"} for point in value["points"]
        ]
    both = grouped(candidate, champion)
    assert (both.column, both.points) == ("matched", 60)
    naive = [
        ovo([point for point in value["points"] if point["column"] == "naive"])
        for value in (candidate, champion)
    ]
    assert grouped(*naive).column == "naive"


def test_a_group_is_the_mean_of_its_tasks_whatever_their_sizes() -> None:
    def task(name: str, right: int, sets: int) -> Task:
        cells = np.stack([np.arange(sets) < right, np.ones(sets)], 1).astype(float)
        return Task(name, sets, cells, np.stack([np.ones(sets), np.ones(sets)], 1))

    found = compare("forward", [task("REC", 50, 100), task("SSR", 8, 10)], accuracy)
    assert (found.candidate, found.champion, found.difference) == (65.0, 100.0, -35.0)
    assert unseen_loss([task("REC", 1, 100), task("SSR", 1, 10)]) == 15.42


def test_states_that_nobody_names_do_not_count() -> None:
    cells = np.array([6.0, 2.0, 0.0, 2.0, 6.0, 0.0, 0.0, 0.0, 0.0])
    assert macro_f1(cells) == pytest.approx(75.0)
    cells[2] = 1.0  # a prediction of the third state: it counts, with F1 0
    assert macro_f1(cells) < 51
