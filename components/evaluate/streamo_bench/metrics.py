"""Metrics of one kind of task from the sums of its rows, with 95 % bootstrap intervals over videos."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from components.core.seeds import rng
from components.evaluate.grounding.spans import THRESHOLDS
from components.evaluate.streamo_bench.format import BACKWARD, DENSE, FORWARD, NARRATION, TSQA
from components.evaluate.streamo_bench.measure import Row

DRAWS = 1000
TAILS = (2.5, 97.5)
Array = npt.NDArray[np.float64]
Sums = Mapping[str, Array]
Metric = Callable[[Sums], Array]


def over(part: str, *whole: str, scale: float = 100.0) -> Metric:
    """`scale * part / sum of whole`; not a number where that is nothing."""

    def value(sums: Sums) -> Array:
        below = np.sum([sums[name] for name in whole], axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio: Array = scale * sums[part] / below
        return np.where(below > 0, ratio, np.nan)

    return value


COMMON: dict[str, Metric] = {
    "precision": over("hits", "said"),
    "recall": over("hits", "truths"),
    "f1": over("hits", "said", "truths", scale=200.0),
}
TIMED = {
    **COMMON,
    "credited": over("credited", "truths"),
    "timing_f1": over("in_time", "said", "truths", scale=200.0),  # whatever the words are
    "delay_s": over("delay", "hits", scale=1.0),
}
GROUNDING = {
    **COMMON,
    "miou": over("iou", "tasks"),
    "miou_any": over("iou_any", "tasks"),
    **{f"r@{level}": over(f"r{int(100 * level)}", "tasks") for level in THRESHOLDS},
}
METRICS: dict[str, dict[str, Metric]] = {
    FORWARD: {**GROUNDING, "before_end": over("before_end", "said")},
    BACKWARD: GROUNDING,
    NARRATION: {**TIMED, "rouge_l": over("text", "said", "truths", scale=200.0)},
    DENSE: {
        **TIMED,
        "rouge_l": over("text", "said", "truths", scale=200.0),
        **{
            f"event_f1@{level}": over(f"events{int(100 * level)}", "said", "truths", scale=200.0)
            for level in THRESHOLDS
        },
        "event_precision_iou": over("covered", "said"),
    },
    TSQA: {**TIMED, "accuracy": over("credited", "truths"), "question_recall": over("share", "tasks")},
}
# What the paper reports where a rule says it, and what `strict` says: extra answers cost.
PAPER = {FORWARD: "miou", BACKWARD: "miou", NARRATION: "credited", DENSE: "credited", TSQA: "accuracy"}
STRICT = "f1"


def table(kind: str, rows: Sequence[Row], videos: Sequence[str], seed: int) -> dict[str, Any]:
    """Every metric of a kind with its interval, and the sums it comes from.

    Args:
        kind: of the tasks.
        rows: of `measure`, one a task.
        videos: the video of each.
        seed: of the bootstrap, which draws videos with all their tasks.

    """
    names = sorted(rows[0])
    values_NF = np.array([[row[name] for name in names] for row in rows])
    groups = sorted(set(videos))
    place = {video: index for index, video in enumerate(groups)}
    sums_VF = np.zeros((len(groups), len(names)))
    np.add.at(sums_VF, [place[video] for video in videos], values_NF)
    total = sums_VF.sum(axis=0)
    chosen_DV = rng(seed, "bootstrap", kind).integers(0, len(groups), (DRAWS, len(groups)))
    drawn_DF = sums_VF[chosen_DV].sum(axis=1)
    whole = dict(zip(names, total[:, None], strict=True))
    draws = dict(zip(names, drawn_DF.T, strict=True))
    return {
        **{name: shown(metric(whole)[0]) for name, metric in METRICS[kind].items()},
        "intervals": {name: bounds(metric(draws)) for name, metric in METRICS[kind].items()},
        "counts": {name: round(float(value), 4) for name, value in zip(names, total, strict=True)}
        | {"videos": len(groups)},
    }


def bounds(draws: Array) -> list[float] | None:
    """The 95 % percentile interval of the draws that have a value; None if none has."""
    kept = draws[~np.isnan(draws)]
    return None if not len(kept) else [round(float(value), 2) for value in np.percentile(kept, TAILS)]


def shown(value: float) -> float | None:
    """Two decimals; None for what does not exist (a precision of nothing said)."""
    return None if np.isnan(value) else round(float(value), 2)
