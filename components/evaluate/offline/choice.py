"""Questions with options: official rule, strict rule, floors and intervals of any offline benchmark.

Official scores count every result row with the benchmark's own reading. Strict scores count every annotation
entry once, and an answer only where it begins with one option's letter (`answers.strict_letter`).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.evaluate.answers import LETTERS, strict_letter
from components.evaluate.scheme import Scheme, Scored, cell, table, with_intervals

Credits = Sequence[float]


@dataclass(frozen=True)
class Item:
    """One question in a benchmark's own order.

    Attributes:
        id: unique in the file.
        task: what its accuracy is told under.
        video: bootstrap draws resample all questions of a video together.
        options: texts without their letters.
        truth: place of the right option.
        parts: further kinds of question it belongs to, e.g. `{"domain": "Knowledge"}`.

    """

    id: str
    task: str
    video: str
    options: tuple[str, ...]
    truth: int
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def letter(self) -> str:
        """The right option's letter."""
        return LETTERS[self.truth]


@dataclass(frozen=True)
class Mark:
    """What an answer is worth and `how` it was read; `guessed`: the official rule drew the letter."""

    right: bool
    how: str
    guessed: bool = False


Rule = Callable[[Item, Any], Mark]


@dataclass(frozen=True)
class Answered:
    """Annotation entries and result rows of one model; `rows` hold an entry and the answer of each row."""

    items: Sequence[Item]
    rows: Sequence[tuple[Item, Any]]
    unknown_rows: int = 0

    def by_item(self) -> list[tuple[Item, Any]]:
        """Every entry once with its first answer, None where there is none."""
        found: dict[str, Any] = {}
        for item, answer in self.rows:
            found.setdefault(item.id, answer)
        return [(item, found.get(item.id)) for item in self.items]

    def counts(self) -> dict[str, int]:
        """How rows and entries match."""
        ids = [item.id for item, _ in self.rows]
        return {
            "rows": len(ids) + self.unknown_rows,
            "duplicate_rows": len(ids) - len(set(ids)),
            "unknown_rows": self.unknown_rows,
            "entries_without_row": len({item.id for item in self.items} - set(ids)),
        }


def strict_mark(item: Item, answer: Any) -> Mark:
    """The strict rule on a lettered answer."""
    read = strict_letter(answer, item.options)
    return Mark(read.letter == item.letter, read.how)


def scored(items: Sequence[Item], credits: Credits) -> list[Scored]:
    """The points of a table."""
    pairs = zip(items, credits, strict=True)
    return [Scored(item.id, item.video, item.task, credit) for item, credit in pairs]


def score_choices(
    answered: Answered, official: Rule, scheme: Scheme, seed: int, *, strict: Rule = strict_mark
) -> dict[str, Any]:
    """The object that `streamo score` prints.

    Beside the public shape: `by` (official cells of every part, over all and within each task), `counted`
    (how answers were read), and `without_guesses` where the official rule draws letters at random.
    """
    items = [item for item, _ in answered.rows]
    marks = [official(item, answer) for item, answer in answered.rows]
    exact = [strict(item, answer) for item, answer in answered.by_item()]
    strict_points = scored(answered.items, [float(mark.right) for mark in exact])
    credits = [float(mark.right) for mark in marks]
    scores = {
        **with_intervals(scored(items, credits), scheme, seed),
        "strict": with_intervals(strict_points, scheme, seed),
        "floors": floors(answered.items, scheme, seed),
        "by": breakdown(items, credits),
        "counted": {
            **answered.counts(),
            "official": dict(sorted(Counter(mark.how for mark in marks).items())),
            "strict": dict(sorted(Counter(mark.how for mark in exact).items())),
        },
    }
    guesses = [mark.guessed for mark in marks]
    if any(guesses):
        kept = [0.0 if mark.guessed else float(mark.right) for mark in marks]
        scores["without_guesses"] = table(scored(items, kept), scheme)
        scores["counted"]["guessed"] = sum(guesses)
    return scores


def points_of(answered: Answered, official: Rule, *, strict: Rule = strict_mark) -> dict[str, list[Scored]]:
    """Every entry once, by both rules, for the paired comparison of two models."""
    pairs = answered.by_item()
    return {
        name: scored(answered.items, [float(rule(item, answer).right) for item, answer in pairs])
        for name, rule in (("official", official), ("strict", strict))
    }


def breakdown(items: Sequence[Item], credits: Credits) -> dict[str, dict[str, dict[str, Any]]]:
    """`{"all" or task: {part: {name: {correct, total, accuracy}}}}`."""
    sums: dict[str, dict[str, dict[str, list[float]]]] = {}
    for item, credit in zip(items, credits, strict=True):
        for part, name in item.parts.items():
            for slice_ in ("all", item.task):
                names = sums.setdefault(slice_, {}).setdefault(part, {})
                names.setdefault(name, []).append(credit)
    return {
        slice_: {
            part: {name: cell(sums[slice_][part][name]) for name in sums[slice_][part]} for part in parts
        }
        for slice_, parts in sums.items()
    }


def floors(items: Sequence[Item], scheme: Scheme, seed: int) -> dict[str, Any]:
    """What each policy that never looks would score on these entries."""
    policies = floor_credits(items)
    return {name: with_intervals(scored(items, credits), scheme, seed) for name, credits in policies.items()}


def floor_credits(items: Sequence[Item]) -> dict[str, list[float]]:
    """Each policy's credit on every question.

    `always_first`: the first option. `longest_option`: the longest text, the first of equals (writers explain
    the right option at greater length). `most_frequent`: the place that is right most often within the task,
    counted on this very file. `random`: the expectation of a uniform choice, not a draw.
    """
    frequent: dict[str, int] = {}
    for task in {item.task for item in items}:
        places = Counter(item.truth for item in items if item.task == task)
        frequent[task] = min(places, key=lambda place: (-places[place], place))
    return {
        "always_first": [float(item.truth == 0) for item in items],
        "longest_option": [float(item.truth == longest(item)) for item in items],
        "most_frequent": [float(item.truth == frequent[item.task]) for item in items],
        "random": [1 / len(item.options) for item in items],
    }


def longest(item: Item) -> int:
    """Place of the longest option."""
    return max(range(len(item.options)), key=lambda place: (len(item.options[place]), -place))
