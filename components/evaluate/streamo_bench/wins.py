"""Narration and dense captions as the paper compares them: whose whole commentary a judge prefers.

One pair a task: everything each of two models said, with its seconds, against the true lines. The judge sees
both orders (`components.evaluate.judge`); contradictions and failures are counted, never guessed. Two
silent ones are a tie of equal words.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from components.evaluate.streamo_bench.format import DENSE, NARRATION, BenchSet, Moment, Task
from components.evaluate.streamo_bench.said import Said
from components.evaluate.verdicts import Pair, Verdict, win_rate

JUDGED = (NARRATION, DENSE)
SILENT = "(said nothing)"
Answers = Mapping[str, Sequence[Said]]


class Compares(Protocol):
    """What is needed of a judge."""

    def compare_many(self, pairs: Sequence[Pair]) -> list[Verdict]:
        """A verdict a pair, in their order."""
        ...


def win_rates(
    bench: BenchSet, first: Answers, second: Answers, judge: Compares, *, seed: int
) -> dict[str, Any]:
    """Per kind the win rate of `first` over `second` (`verdicts.win_rate`), with agreement and failures.

    Args:
        bench: the set.
        first: answers by task id.
        second: those of the model it is compared with.
        judge: answers all pairs at once.
        seed: of the bootstrap over videos.

    """
    tasks = [task for task in bench.tasks if task.kind in JUDGED]
    pairs = [pair(task, first.get(task.id, ()), second.get(task.id, ())) for task in tasks]
    verdicts = judge.compare_many(pairs) if pairs else []
    rates = {}
    for kind in JUDGED:
        own = [index for index, task in enumerate(tasks) if task.kind == kind]
        if own:
            videos = [tasks[index].video_id for index in own]
            rates[kind] = win_rate([verdicts[index] for index in own], videos, seed=seed)
    return rates


def pair(task: Task, first: Sequence[Said], second: Sequence[Said]) -> Pair:
    """What the judge is shown of one task."""
    return Pair(
        task.question, "\n".join(line(moment) for moment in task.truth), spoken(first), spoken(second)
    )


def line(moment: Moment) -> str:
    """One true line with its seconds."""
    if moment.start_s == moment.end_s:
        return f"[{moment.end_s:g} s] {moment.text}"
    return f"[{moment.start_s:g} s to {moment.end_s:g} s] {moment.text}"


def spoken(said: Sequence[Said]) -> str:
    """Everything one model said, a line an answer."""
    return "\n".join(f"[{one.time_s:g} s] {one.text}" for one in said) or SILENT
