"""The blind clock: what can be scored by task, turn number and seconds since the question alone.

A benchmark whose points look balanced may still be solved without a single frame (stack.md, "The blind
clock"). The clock is fitted on the labels of training dialogues and answers every test point with what was
most often right at the nearest (turn, delay) there.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.evaluate.answers import LETTERS
from components.evaluate.ovo_format import GROUP_OF, Entry
from components.evaluate.ovo_map import normal
from components.evaluate.streams import NUMBER
from components.protocol.states import State
from components.protocol.turns import Dialogue

WORD = re.compile(r"[a-z0-9]+")
ENOUGH = 20  # labels gathered from the nearest cells before they vote
ALIKE = 0.6  # least word overlap (Jaccard) of a training question with a benchmark task's questions
Cell = tuple[int, int]  # turn, seconds since the question


@dataclass
class ClockFit:
    """Per OVO-Bench task, what was true at each (turn, delay) of the training labels."""

    cells: dict[str, dict[Cell, Counter[str]]] = field(default_factory=dict)

    def add(self, task: str, cell: Cell, truth: str) -> None:
        """Count one training label."""
        self.cells.setdefault(task, {}).setdefault(cell, Counter())[truth] += 1

    def votes(self, task: str, cell: Cell) -> Counter[str]:
        """The labels of the nearest cells, taken cell by cell until there are `ENOUGH`."""
        found: Counter[str] = Counter()
        known = self.cells.get(task, {})
        for near in sorted(
            known, key=lambda other: (abs(other[0] - cell[0]) + abs(other[1] - cell[1]), other)
        ):
            found.update(known[near])
            if found.total() >= ENOUGH:
                break
        return found

    def yes_rate(self, task: str, cell: Cell) -> float:
        """The share of `Yes` among the votes, 0.5 where there is no label."""
        votes = self.votes(task, cell)
        return votes["Yes"] / votes.total() if votes else 0.5


def words(text: str) -> frozenset[str]:
    """The words of a question, for comparing wordings."""
    return frozenset(WORD.findall(text.lower()))


def alike(a: frozenset[str], b: frozenset[str]) -> float:
    """Jaccard overlap of two sets of words."""
    return len(a & b) / len(a | b) if a | b else 0.0


class TaskFinder:
    """Which OVO-Bench task a training question trains for: that of the benchmark question most like it."""

    def __init__(self, questions: Mapping[str, Iterable[str]]):
        self.known = {(words(text), task) for task, texts in questions.items() for text in texts}
        self.seen: dict[str, tuple[str, ...]] = {}

    def __call__(self, question: str) -> tuple[str, ...]:
        """The tasks (two may share a wording); none if no question has `ALIKE` of the words in common."""
        if question not in self.seen:
            own = words(question)
            found = [(alike(own, asked), task) for asked, task in self.known]
            best = max((value for value, _ in found), default=0.0)
            tasks = {task for value, task in found if value == best and best >= ALIKE}
            self.seen[question] = tuple(sorted(tasks))
        return self.seen[question]


def fit_clock(dialogues: Iterable[Dialogue], questions: Mapping[str, Iterable[str]]) -> ClockFit:
    """Fit the clock on training dialogues.

    Args:
        dialogues: training samples (`components.protocol.tables.read_samples`).
        questions: per OVO-Bench task the words in which the benchmark asks it.

    """
    fit, finder = ClockFit(), TaskFinder(questions)
    for dialogue in dialogues:
        asked = [(turn.turn, text) for turn in dialogue.turns for text in turn.questions]
        for number, (turn, text) in enumerate(asked):
            end = next((later for later, _ in asked[number + 1 :] if later > turn), len(dialogue.turns))
            for task in finder(text):
                add_labels(fit, task, dialogue, turn, end)
    return fit


def add_labels(fit: ClockFit, task: str, dialogue: Dialogue, first: int, end: int) -> None:
    """Count what was true on turns `first` .. `end`-1 of one question, read as its test points are read."""
    spoken, number = False, "0"
    for turn in dialogue.turns[first:end]:
        response = turn.state is State.RESPONSE
        cell = (turn.turn, turn.turn - first)
        if GROUP_OF[task] != "forward":
            if response and turn.turn == first:
                fit.add(task, cell, normal(turn.text or ""))
            continue
        if response:
            spoken = True
            number = next(iter(NUMBER.findall(turn.text or "")[-1:]), number)
        going_on = turn.state is not State.SILENCE
        value = {"REC": number, "CRR": yes(spoken), "SSR": yes(going_on)}[task]
        fit.add(task, cell, value)


def yes(flag: bool) -> str:
    """`Yes` or `No`."""
    return "Yes" if flag else "No"


def point_cell(entry: Entry, point: Mapping[str, Any] | None = None) -> Cell:
    """Turn and seconds since the question of a test point; asked at `ask_time`, or at 0 without one."""
    if point is None:
        return int(entry["realtime"]), 0
    turn = int(point["realtime"])
    return turn, turn - int(entry.get("ask_time", 0))


def choose_letter(fit: ClockFit, entry: Entry) -> str:
    """The option most often right in training at the nearest time; `A` where no option was ever an answer."""
    votes = fit.votes(entry["task"], point_cell(entry))
    counts = [votes[normal(option)] for option in entry["options"]]
    return LETTERS[counts.index(max(counts))]


def forward_answers(fit: ClockFit, entry: Entry, threshold: float) -> list[str | None]:
    """The clock's answer to every test point; SSR and CRR say `Yes` above `threshold`."""
    cells = [point_cell(entry, point) for point in entry["test_info"]]
    if entry["task"] == "REC":
        return [top(fit.votes("REC", cell)) for cell in cells]
    return [yes(fit.yes_rate(entry["task"], cell) > threshold) for cell in cells]


def top(votes: Counter[str]) -> str:
    """The most frequent label, the smallest of several, `0` of none."""
    return min(votes, key=lambda text: (-votes[text], text), default="0")


def mean_rates(fit: ClockFit, entries: Sequence[Entry]) -> dict[str, float]:
    """For SSR and CRR the mean `Yes` rate over the test points: the balanced clock's threshold."""
    rates: dict[str, list[float]] = {}
    for entry in entries:
        if entry["task"] in ("SSR", "CRR"):
            cells = (point_cell(entry, point) for point in entry["test_info"])
            rates.setdefault(entry["task"], []).extend(fit.yes_rate(entry["task"], cell) for cell in cells)
    return {task: sum(values) / len(values) for task, values in rates.items() if values}
