"""The paper's printed figures: as printed, recomputed from the figures they are means of, and flagged.

`paper_results.json` of this room holds every printed table (arXiv 2512.21334 v2). Means are recomputed here
and not stored, so that a flag follows from printed digits alone.
"""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

Json = dict[str, Any]
GROUP_TASKS: Mapping[str, tuple[str, ...]] = {
    "forward": ("REC", "SSR", "CRR"),
    "realtime": ("OCR", "ACR", "ATR", "STU", "FPD", "OJR"),
    "backward": ("EPM", "ASI", "HLD"),
}
# How far a mean may be from a recomputed one by the rounding of what is printed: two decimals, one decimal.
HUNDREDTHS, TENTHS = 0.02, 0.1


@lru_cache(maxsize=1)
def load_paper() -> Json:
    """`paper_results.json` with `recomputed` and `flags` beside every `printed` mean.

    Returns:
        ovo (tables 2 and 11), offline (3 and 12), losses (4), states (7), streamo_bench (5), vispeak_bench
        (8), claims, denominators, always_silent, sizes, state_ratio, task_shares.

    """
    text = resources.files(__package__).joinpath("paper_results.json").read_text(encoding="utf-8")
    paper: Json = json.loads(text)
    for row in paper["ovo"]:
        add_means(row, ovo_means(row["tasks"]), HUNDREDTHS)
    for row in paper["offline"] + paper["streamo_bench"]:
        row["printed"] = {"average": row["printed"]}
        add_means(row, {"average": mean(row["scores"].values())}, TENTHS)
    for row in paper["losses"]:
        row["forward"] = mean(row[task] for task in GROUP_TASKS["forward"])
    for row in paper["states"]:
        row["printed"] = {"total": row["total"]}
        add_means(row, {"total": mean(row[group] for group in GROUP_TASKS)}, HUNDREDTHS)
    for row in paper["vispeak_bench"]:
        add_means(row, vispeak_means(row), HUNDREDTHS)
    silent = paper["always_silent"]
    silent["forward"] = mean(silent[task] for task in GROUP_TASKS["forward"])
    return paper


def add_means(row: Json, recomputed: Mapping[str, float | None], tolerance: float) -> None:
    """`recomputed`, and under `flags` the printed means that are further from it than rounding allows."""
    row["recomputed"] = dict(recomputed)
    row["flags"] = [
        name
        for name, value in recomputed.items()
        if value is not None
        and row["printed"][name] is not None
        and differ(value, row["printed"][name], tolerance)
    ]


def differ(value: float, printed: float, tolerance: float) -> bool:
    """Whether two figures differ by more than the tolerance, which is not itself a difference."""
    return round(abs(value - printed), 6) > tolerance + 1e-9


def mean(values: Iterable[float | None]) -> float | None:
    """The mean with two decimals, None where a figure is not printed."""
    found = list(values)
    kept = [value for value in found if value is not None]
    return round(sum(kept) / len(kept), 2) if kept and len(kept) == len(found) else None


def ovo_means(tasks: Mapping[str, float | None]) -> dict[str, float | None]:
    """Group means of a row of tasks, and the mean of the three groups."""
    groups: dict[str, float | None] = {}
    exact: list[float | None] = []
    for group, names in GROUP_TASKS.items():
        values = [tasks[name] for name in names]
        kept = [value for value in values if value is not None]
        exact.append(sum(kept) / len(names) if len(kept) == len(names) else None)
        groups[group] = mean(values)
    return {**groups, "total": mean(exact)}


def vispeak_means(row: Json) -> dict[str, float | None]:
    """Means of a row of table 8.

    The paper does not say how its overall figure is made. Taken here: the mean over the seven sub-tasks of
    the text score times the share answered in time (1 for VR, which has none); nine of eleven rows agree.
    """
    shares, scores = row["accuracy"], row["score"]
    weighted = [score * shares.get(name, 100.0) / 100 for name, score in scores.items()]
    return {"accuracy": mean(shares.values()), "score": mean(scores.values()), "overall": mean(weighted)}
