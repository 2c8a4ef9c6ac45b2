"""Blind answerers: what a set gives to somebody who never looks at the video in question.

They know the tasks and truths of the OTHER videos of the set, which no model does; so a score above them is
a score above any habit that the set can be answered with.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from components.evaluate.streamo_bench.format import BACKWARD, FORWARD, BenchSet, Moment, Task
from components.evaluate.streamo_bench.measure import timed
from components.evaluate.streamo_bench.said import Said, after

SILENT, SPEAKING, CLOCK = "always_silent", "always_speaking", "clock"
POLICIES = (SILENT, SPEAKING, CLOCK)
ENOUGH = 40  # tasks of other videos that the clock looks at, spread evenly
Answers = dict[str, list[Said]]


def policies(bench: BenchSet) -> dict[str, Answers]:
    """The answers of every policy to every task, by name and task id.

    `always_silent` never speaks. `always_speaking` responds on every turn from the question on, with what
    is most often true on other videos (grounding: the last seconds, as many as an event usually takes).
    `clock` knows kind, question and turn: it repeats the one timeline of another video that answers the
    others best.
    """
    pools = pools_of(bench.tasks)
    durations = bench.durations()
    return {
        SILENT: {task.id: [] for task in bench.tasks},
        SPEAKING: {task.id: speaking(task, pools, durations[task.video_id]) for task in bench.tasks},
        CLOCK: clocks(bench, pools),
    }


def pools_of(tasks: Sequence[Task]) -> dict[tuple[str, str], list[Task]]:
    """Tasks alike: one kind and, but for grounding, where every question is its own, one question."""
    pools: dict[tuple[str, str], list[Task]] = {}
    for task in tasks:
        pools.setdefault(pool_of(task), []).append(task)
    return pools


def pool_of(task: Task) -> tuple[str, str]:
    """The pool of a task."""
    return (task.kind, "" if task.kind in (FORWARD, BACKWARD) else task.question)


def others(task: Task, pools: Mapping[tuple[str, str], Sequence[Task]]) -> list[Task]:
    """The tasks of its pool on other videos."""
    return [one for one in pools[pool_of(task)] if one.video_id != task.video_id]


def perfect(task: Task) -> list[Said]:
    """The answers a model would give that sees everything, each when it is due."""
    if task.kind in (FORWARD, BACKWARD):
        event = task.truth[0]
        return [Said(task.due_s(event), f"from {event.start_s:g}s to {event.end_s:g}s")]
    return [Said(task.due_s(one), one.text, start_of(one)) for one in task.truth]


def start_of(moment: Moment) -> float | None:
    """The start of a span, None of an instant."""
    return moment.start_s if moment.start_s < moment.end_s else None


def speaking(task: Task, pools: Mapping[tuple[str, str], Sequence[Task]], duration: float) -> list[Said]:
    """A response on every turn."""
    truths = [moment for other in others(task, pools) for moment in other.truth]
    turns = range(task.asked_s, math.ceil(duration))
    if not truths:
        return [Said(float(turn), "") for turn in turns]
    if task.kind not in (FORWARD, BACKWARD):
        counts = Counter(moment.text for moment in truths)
        text = min(counts, key=lambda text: (-counts[text], text))
        return [Said(float(turn), text) for turn in turns]
    length = float(np.median([moment.end_s - moment.start_s for moment in truths]))
    return [Said(float(t), f"from {max(0.0, t - length):g}s to {max(t, 1):g}s") for t in turns]


def clocks(bench: BenchSet, pools: Mapping[tuple[str, str], Sequence[Task]]) -> Answers:
    """Every task answered with the best timeline of its pool, leaving out its own video."""
    answers: Answers = {}
    for members in pools.values():
        worth = tabulate(members, bench.content_rule)
        for task in members:
            answers[task.id] = clock(task, worth)
    return answers


def tabulate(members: Sequence[Task], rule: str) -> tuple[list[Task], np.ndarray]:
    """Candidates, and how well each one's timeline answers every other (square; F1 or IoU)."""
    step = max(1, math.ceil(len(members) / ENOUGH))
    candidates = list(members[::step])
    return candidates, np.array([[worth(one, other, rule) for other in candidates] for one in candidates])


def worth(candidate: Task, target: Task, rule: str) -> float:
    """What the candidate's timeline would score on the target: F1, or the IoU of their events."""
    said = after(perfect(candidate), target.asked_s, Counter())
    if target.kind in (FORWARD, BACKWARD):
        from components.evaluate.grounding.spans import iou

        event, truth = candidate.truth[0], target.truth[0]
        return iou((event.start_s, event.end_s), (truth.start_s, truth.end_s))
    return 2 * timed(target, said, rule)["hits"] / (len(said) + len(target.truth))


def clock(task: Task, worth: tuple[list[Task], np.ndarray]) -> list[Said]:
    """The answers of the candidate that is worth most on the videos that are not the task's."""
    candidates, values = worth
    foreign = [index for index, one in enumerate(candidates) if one.video_id != task.video_id]
    if not foreign:
        return []
    # A candidate's own column is 1 by construction and would favour nobody: it is left out by the diagonal.
    inner = values[np.ix_(foreign, foreign)]
    means = (inner.sum(axis=1) - np.diag(inner)) / max(1, len(foreign) - 1)
    chosen = candidates[foreign[int(np.argmax(means))]]
    if task.kind in (FORWARD, BACKWARD):
        event = chosen.truth[0]
        words = f"from {event.start_s:g}s to {event.end_s:g}s"
        return [Said(max(event.end_s, float(task.asked_s)), words)]
    return after(perfect(chosen), task.asked_s, Counter())
