"""Scores of the validation suite: free-running states against the labels of the validation split.

These scores choose the loss that is served (docs/decisions.md): they are read before any test score.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.core.bootstrap import cluster_interval
from components.evaluate.forward_metrics import TOLERANCE_TURNS, Due, ResponseReport, count_responses, ratio
from components.protocol.states import LABELS


@dataclass(frozen=True)
class Watched:
    """One validation sample: the labelled and the predicted state of every turn, in turn order."""

    sample_id: str
    video_id: str
    task: str
    truth: Sequence[str]
    states: Sequence[str]


def counts(samples: Sequence[Watched]) -> dict[str, dict[str, int]]:
    """`{true state: {predicted state: turns}}`."""
    table = {true: dict.fromkeys(LABELS, 0) for true in LABELS}
    for sample in samples:
        for true, said in zip(sample.truth, sample.states, strict=True):
            table[true][said] += 1
    return table


def per_state(table: dict[str, dict[str, int]]) -> dict[str, dict[str, float | int | None]]:
    """Precision, recall and F1 of each state in percent; None where a state never occurs."""
    shown: dict[str, dict[str, float | int | None]] = {}
    for state in LABELS:
        hits, true = table[state][state], sum(table[state].values())
        said = sum(row[state] for row in table.values())
        shown[state] = {
            "turns": true,
            "predicted": said,
            "precision": ratio(hits, said),
            "recall": ratio(hits, true),
            "f1": ratio(2 * hits, said + true),
        }
    return shown


def macro_f1(samples: Sequence[Watched]) -> float:
    """Mean F1 in percent over the states that occur in the labels or the predictions."""
    values = [cell["f1"] for cell in per_state(counts(samples)).values() if cell["f1"] is not None]
    return sum(values) / len(values) if values else 0.0


def build_validation(samples: Sequence[Watched], *, seed: int) -> dict[str, Any]:
    """`scores.json` of the validation suite; `selection` is what the served loss is chosen by.

    Args:
        samples: at least one watched sample.
        seed: of the bootstrap over videos.

    """
    table, report = counts(samples), ResponseReport()
    for sample in samples:
        report.add(sample.task, count_responses(sample.states, due_of(sample.truth)))
    low, high = cluster_interval(samples, [sample.video_id for sample in samples], macro_f1, seed=seed)
    score = round(macro_f1(samples), 2)
    return {
        "schema": 1,
        "suite": "validation",
        "samples": len(samples),
        "turns": sum(len(sample.truth) for sample in samples),
        "confusion": table,
        "states": per_state(table),
        "macro_f1": score,
        "macro_f1_interval": [round(low, 2), round(high, 2)],
        "responses": report.summary(),
        "selection": {"metric": "macro_f1", "value": score},
    }


def due_of(truth: Sequence[str]) -> Due:
    """Due turns are labelled Response; quiet turns are Silence not within the tolerance of anything else."""
    near = range(-TOLERANCE_TURNS, TOLERANCE_TURNS + 1)
    busy = {turn + step for turn, state in enumerate(truth) if state != "silence" for step in near}
    quiet = [turn for turn in range(len(truth)) if turn not in busy]
    return Due([turn for turn, state in enumerate(truth) if state == "response"], quiet)
