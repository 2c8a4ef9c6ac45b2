"""Averages of each benchmark's shape, resampled by whole videos."""

import numpy as np
import pytest

from components.evaluate.offline.floors import floor_credits
from components.evaluate.offline.tables import Item, Shape, Tables


def item(number, task="t", group="g", video=None, options=("a", "bb", "c"), truth=0):
    return Item(str(number), task, group, video or f"v{number}", options, truth)


# Task one: 3 of 4 right, task two: 0 of 2, both of group g; task three: 1 of 1, group h.
MIXED = [
    *(item(n, "one", video=f"v{n // 2}") for n in range(4)),
    item(4, "two", video="v2"),
    item(5, "two", video="v2"),
    item(6, "three", "h", video="v3"),
]
CREDITS = [1, 1, 1, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("groups", "total", "expected"),
    [
        ("tasks", "groups", ({"g": 37.5, "h": 100.0}, 68.75)),
        ("items", "items", ({"g": 50.0, "h": 100.0}, round(400 / 7, 2))),
        ("tasks", "tasks", ({"g": 37.5, "h": 100.0}, round(175 / 3, 2))),
    ],
)
def test_averages_are_the_shapes(groups, total, expected):
    table = Tables(MIXED, Shape(groups, total, tasks=("two", "one")), 0).table(CREDITS)
    assert (table["groups"], table["total"]) == expected
    assert list(table["tasks"]) == ["two", "one", "three"]
    assert table["tasks"]["one"] == {"correct": 3, "total": 4, "accuracy": 75.0}


def test_intervals_resample_videos_whole_and_hold_the_score():
    generator = np.random.default_rng(0)
    right = generator.random(40) < 0.7
    apart = [item(n) for n in range(40)]
    # Each question four times: what a video's questions share is not told four times over.
    copied = [item(4 * n + k, video=f"v{n}") for n in range(40) for k in range(4)]
    shape = Shape("items", "items")
    single = Tables(apart, shape, 0).with_intervals(list(right))
    fourfold = Tables(copied, shape, 0).with_intervals([value for value in right for _ in range(4)])
    assert single["intervals"]["total"] == fourfold["intervals"]["total"]
    low, high = single["intervals"]["total"]
    assert low < single["total"] < high
    assert 20 < high - low < 35  # of a share of 0.7 among 40, 28 by the normal approximation


def test_a_paired_difference_is_tighter_than_two_intervals_and_zero_for_equal_answers():
    tables = Tables([item(n) for n in range(60)], Shape("items", "items"), 0)
    before = [float(n % 2) for n in range(60)]
    after = [1.0, *before[1:]]
    told = tables.paired(before, after)["total"]
    assert told["difference"] == round(100 / 60, 2) and told["interval"][0] == 0.0
    assert told["interval"][1] < 6
    assert tables.paired(before, before)["total"]["interval"] == [0.0, 0.0]


def test_a_resample_without_a_task_leaves_it_out_of_the_interval():
    items = [item(0, "one"), item(1, "two")]
    told = Tables(items, Shape("tasks", "tasks"), 0).with_intervals([1, 0])
    assert told["intervals"]["tasks"] == {"one": [100.0, 100.0], "two": [0.0, 0.0]}


def test_floors_by_hand():
    items = [
        item(0, options=("a", "bb"), truth=1),
        item(1, options=("a", "bb", "cc"), truth=1),
        item(2, options=("aa", "b", "c", "d"), truth=0),
        item(3, options=(), truth=0),
    ]
    assert floor_credits(items) == {
        "always_first": [0, 0, 1, 0],
        "longest_option": [1, 1, 1, 0],
        "most_frequent": [1, 1, 0, 0],
        "random": [1 / 2, 1 / 3, 1 / 4, 0],
    }
