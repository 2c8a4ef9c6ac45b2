"""What an answerer that never looks would score on any file of multiple-choice questions.

`always_first`: the first option. `longest_option`: the longest text, the first of equals (writers explain the
right option at greater length). `most_frequent`: the place that is right most often within the task, counted
on this very file. `random`: the expectation of a uniform choice, not a draw.
"""

from collections import Counter
from collections.abc import Sequence

from components.evaluate.offline.tables import Item

Credits = list[float]


def floor_credits(items: Sequence[Item]) -> dict[str, Credits]:
    """Each policy's credit on every question that has options; questions without any credit nothing."""
    frequent: dict[str, int] = {}
    for task in {item.task for item in items}:
        places = Counter(item.truth for item in items if item.task == task and item.options)
        frequent[task] = min(places, key=lambda place: (-places[place], place), default=0)
    return {
        "always_first": [float(bool(item.options) and item.truth == 0) for item in items],
        "longest_option": [float(bool(item.options) and item.truth == longest(item)) for item in items],
        "most_frequent": [float(bool(item.options) and item.truth == frequent[item.task]) for item in items],
        "random": [1 / len(item.options) if item.options else 0.0 for item in items],
    }


def longest(item: Item) -> int:
    """Place of the longest option."""
    return max(range(len(item.options)), key=lambda place: (len(item.options[place]), -place))
