"""Floors of questions with options, by hand."""

from components.evaluate.offline.choice import Item, floor_credits


def item(number, options, truth):
    return Item(str(number), "t", f"v{number}", options, truth)


def test_floors_by_hand():
    items = [
        item(0, ("a", "bb"), 1),
        item(1, ("a", "bb", "cc"), 1),
        item(2, ("aa", "b", "c", "d"), 0),
    ]
    assert floor_credits(items) == {
        "always_first": [0, 0, 1],
        "longest_option": [1, 1, 1],
        "most_frequent": [1, 1, 0],
        "random": [1 / 2, 1 / 3, 1 / 4],
    }
