"""What an answerer that never looks would score on any OVO-Bench annotation file.

| policy | says |
|---|---|
| always_silent | nothing: no letter, a count of 0, `No` |
| always_yes_and_1 | `1` to REC, `Yes` to SSR and CRR, no letter |
| most_frequent | of each task the answer that is most often right in this very file: the best constant |
| random | a uniform letter with its option text, a uniform count among those of the file, a fair coin |
| clock | what was right at the nearest turn and delay in OTHER videos of the file (`ovo_clock`) |
| clock_released | the same, with the delay from a question placed by the truth, as the released code does |

`random` is an expectation, not a draw; the substring rule also credits a wrong option that contains the
truth's letter.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from components.evaluate.answers import LETTERS
from components.evaluate.ovo_clock import Given, clock_answers, video_of
from components.evaluate.ovo_format import GROUP_OF, Entry, truths
from components.evaluate.ovo_rules import OVO, PointScore, official, strict
from components.evaluate.scheme import Scored, with_intervals

Credit = Callable[[Entry, int, str, bool], float]  # entry, number of the point, its truth, official rule?


def constant(letters: dict[str, str], count: str, ssr: str, crr: str) -> Credit:
    """The credit of always saying the same; `letters` per letter task, none where it is silent."""
    said = {**letters, "REC": count, "SSR": ssr, "CRR": crr}

    def credit(entry: Entry, _: int, truth: str, loose: bool) -> float:
        return float(right(entry, said.get(entry["task"]), truth, loose))

    return credit


def right(entry: Entry, answer: str | None, truth: str, loose: bool) -> bool:
    """Whether one answer is right by the official (`loose`) or the strict rule."""
    rule = official if loose else strict
    return rule(entry["task"], answer, truth, entry.get("options", ()))


def most_frequent(entries: Sequence[Entry]) -> Credit:
    """The credit of the answer most often right in the file itself, task by task."""
    seen: dict[str, Counter[str]] = {}
    for entry in entries:
        seen.setdefault(entry["task"], Counter()).update(truths(entry))
    best = {task: min(found, key=lambda text: (-found[text], text)) for task, found in seen.items() if found}
    return constant(best, best.get("REC", "0"), best.get("SSR", "No"), best.get("CRR", "No"))


def uniform(entries: Sequence[Entry]) -> Credit:
    """The expected credit of a uniformly random answer."""
    counts = {truth for entry in entries if entry["task"] == "REC" for truth in truths(entry)}

    def credit(entry: Entry, _: int, truth: str, loose: bool) -> float:
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


def answered(given: Given) -> Credit:
    """The credit of definite answers, one per point."""

    def credit(entry: Entry, index: int, truth: str, loose: bool) -> float:
        return float(right(entry, given[(entry["task"], entry["id"])][index], truth, loose))

    return credit


def floor_points(entries: Sequence[Entry], credit: Credit, *, loose: bool) -> list[Scored]:
    """Every point of every entry as one policy does it; `loose` is the official rule, otherwise strict."""
    return [
        Scored(PointScore(entry["task"], entry["id"], index, 0.0).id, video_of(entry), entry["task"], value)
        for entry in entries
        for index, truth in enumerate(truths(entry))
        for value in (credit(entry, index, truth, loose),)
    ]


def policies(entries: Sequence[Entry], seed: int) -> dict[str, Credit]:
    """Every blind policy by name; no clock where there are fewer than two videos."""
    named = {
        "always_silent": constant({}, "0", "No", "No"),
        "always_yes_and_1": constant({}, "1", "Yes", "Yes"),
        "most_frequent": most_frequent(entries),
        "random": uniform(entries),
    }
    clocks = {
        "clock": clock_answers(entries, seed=seed),
        "clock_released": clock_answers(entries, seed=seed, placement="released"),
    }
    return named | {name: answered(given) for name, given in clocks.items() if given is not None}


def floors(entries: Sequence[Entry], *, seed: int) -> dict[str, Any]:
    """Per policy the official table with intervals, and the strict one beside it under `strict`.

    Args:
        entries: annotation entries.
        seed: of the clock's folds and the bootstrap.

    """
    return {
        name: {
            **with_intervals(floor_points(entries, credit, loose=True), OVO, seed),
            "strict": with_intervals(floor_points(entries, credit, loose=False), OVO, seed),
        }
        for name, credit in policies(entries, seed).items()
    }
