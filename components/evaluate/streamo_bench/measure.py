"""What one task came to, as numbers that add up: sums over tasks and videos give every metric (`metrics.py`).

`credited` is blind to extra answers, as the paper's metrics are; `hits` pairs answers and truths one to one,
so that every answer beyond them lowers the precision.
"""

from collections.abc import Sequence

from components.evaluate.captions.words import rouge_l
from components.evaluate.grounding.spans import THRESHOLDS, best, iou, matches
from components.evaluate.streamo_bench.content import same
from components.evaluate.streamo_bench.format import BACKWARD, DENSE, FORWARD, NARRATION, Task
from components.evaluate.streamo_bench.said import Said

WINDOW_S = 3.0  # a hit is at most so far from its moment (paper, Streamo-Bench)
HIT_IOU = 0.5
Row = dict[str, float]


def measure(task: Task, said: Sequence[Said], rule: str) -> Row:
    """The numbers of one task.

    Args:
        task: with its truths.
        said: the answers, by time, none before the question.
        rule: how words are compared (`content.RULES`).

    """
    row = {"tasks": 1.0, "truths": float(len(task.truth)), "said": float(len(said))}
    if task.kind in (FORWARD, BACKWARD):
        return row | grounding(task, said)
    row |= timed(task, said, rule)
    if task.kind in (NARRATION, DENSE):
        row["text"] = text_credit(task, said)
    if task.kind == DENSE:
        row |= located(task, said)
    return row


def grounding(task: Task, said: Sequence[Said]) -> Row:
    """Spans spoken against the one true span."""
    truth = (task.truth[0].start_s, task.truth[0].end_s)
    spans = [found for one in said if (found := one.spoken_span()) is not None]
    first = iou(spans[0], truth) if spans else 0.0
    row = {
        "spans": float(len(spans)),
        "iou": first,
        "iou_any": max((iou(span, truth) for span in spans), default=0.0),
        "hits": float(matches(spans, [truth], HIT_IOU)),
        "before_end": float(sum(one.time_s < task.truth[0].end_s for one in said)),
    }
    row["credited"] = row["iou_any"]
    return row | {f"r{int(100 * level)}": float(first >= level) for level in THRESHOLDS}


def timed(task: Task, said: Sequence[Said], rule: str) -> Row:
    """Moments answered in words within the window."""
    near = windows(task, said)
    fits = [(dt, i, j) for dt, i, j in near if same(said[i].text, task.truth[j].text, rule)]
    met = float(len({j for _, _, j in fits}))
    pairs, in_time = one_to_one(fits), one_to_one(near)
    late = sum(said[i].time_s - task.due_s(task.truth[j]) for i, j in pairs)
    return {
        "credited": met,
        "share": met / len(task.truth),
        "hits": float(len(pairs)),
        "in_time": float(len(in_time)),
        "delay": late,
    }


def credited(task: Task, said: Sequence[Said], rule: str) -> set[int]:
    """The moments that some answer in the window gives, each as often as it likes (the paper's rule)."""
    return {j for _, i, j in windows(task, said) if same(said[i].text, task.truth[j].text, rule)}


def windows(task: Task, said: Sequence[Said]) -> list[tuple[float, int, int]]:
    """`(seconds apart, answer, moment)` of every answer in the window of a moment, whatever it says."""
    apart = [
        (abs(one.time_s - task.due_s(moment)), i, j)
        for i, one in enumerate(said)
        for j, moment in enumerate(task.truth)
    ]
    return [found for found in apart if found[0] <= WINDOW_S]


def one_to_one(fits: Sequence[tuple[float, int, int]]) -> list[tuple[int, int]]:
    """Pairs (answer, moment), the nearest first, none used twice."""
    answers: set[int] = set()
    moments: set[int] = set()
    pairs = []
    for _, i, j in sorted(fits):
        if i not in answers and j not in moments:
            answers.add(i)
            moments.add(j)
            pairs.append((i, j))
    return pairs


def text_credit(task: Task, said: Sequence[Said]) -> float:
    """Sum of ROUGE-L over moments and answers paired by time alone, one to one."""
    return sum(rouge_l(said[i].text, task.truth[j].text) for i, j in one_to_one(windows(task, said)))


def located(task: Task, said: Sequence[Said]) -> Row:
    """Spans that dense captions mark, by Standby or in words, against the true events."""
    truths = [(moment.start_s, moment.end_s) for moment in task.truth]
    spans = [found for one in said if (found := one.marked_span()) is not None]
    row = {f"events{int(100 * level)}": float(matches(spans, truths, level)) for level in THRESHOLDS}
    covered = sum(best(span, truths) for span in spans)
    return row | {"spans": float(len(spans)), "covered": covered}
