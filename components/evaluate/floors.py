"""What an answerer that never looks would score on any OVO-Bench annotation file.

`always_silent` never speaks: no letter, a count of 0, `No`. `always_yes_and_1` says `1` to REC and `Yes` to
SSR and CRR and names no letter. `random` is an expectation, not a draw: a uniform letter followed by its
option text (the substring rule then also credits wrong options that happen to contain the letter), a uniform
count among those of the file, a fair coin for SSR and CRR.
"""

from collections.abc import Callable, Sequence
from typing import Any

from components.evaluate.answers import LETTERS
from components.evaluate.ovo_format import GROUP_OF, Entry, truths
from components.evaluate.ovo_rules import PointScore, official, strict, table

Credit = Callable[[Entry, str, bool], float]


def constant(count: str, word: str) -> Credit:
    """The credit of saying `count` to REC, `word` to SSR and CRR, and nothing to letter questions."""

    def credit(entry: Entry, truth: str, loose: bool) -> float:
        if GROUP_OF[entry["task"]] != "forward":
            return 0.0
        rule = official if loose else strict
        return float(rule(entry["task"], count if entry["task"] == "REC" else word, truth))

    return credit


def uniform(entries: Sequence[Entry]) -> Credit:
    """The expected credit of a uniformly random answer."""
    counts = {truth for entry in entries if entry["task"] == "REC" for truth in truths(entry)}

    def credit(entry: Entry, truth: str, loose: bool) -> float:
        if entry["task"] == "REC":
            return 1 / len(counts)
        if GROUP_OF[entry["task"]] == "forward":
            return 0.5
        options = entry["options"]
        if not loose:
            return 1 / len(options)
        spoken = [f"{LETTERS[number]}. {text}" for number, text in enumerate(options)]
        return sum(official(entry["task"], text, truth) for text in spoken) / len(options)

    return credit


def floor_table(entries: Sequence[Entry], credit: Credit, *, loose: bool) -> dict[str, Any]:
    """The score table of one policy; `loose` is the official rule, otherwise strict."""
    points = [
        PointScore(entry["task"], entry["id"], index, credit(entry, truth, loose))
        for entry in entries
        for index, truth in enumerate(truths(entry))
    ]
    return table(points)


def floors(entries: Sequence[Entry]) -> dict[str, Any]:
    """Per policy the official table with the strict one beside it under `strict`."""
    policies = {
        "always_silent": constant("0", "No"),
        "always_yes_and_1": constant("1", "Yes"),
        "random": uniform(entries),
    }
    return {
        name: {
            **floor_table(entries, credit, loose=True),
            "strict": floor_table(entries, credit, loose=False),
        }
        for name, credit in policies.items()
    }
