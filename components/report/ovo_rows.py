"""Rows of the OVO-Bench table: printed ones, ours, controls and floors, in one order of columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.report.findings import number
from components.report.html import DASH, Html, RowClass, join, tag
from components.report.palette import GROUP_TITLES

Json = Mapping[str, Any]
GROUP_TASKS = {
    "forward": ("REC", "SSR", "CRR"),
    "realtime": ("OCR", "ACR", "ATR", "STU", "FPD", "OJR"),
    "backward": ("EPM", "ASI", "HLD"),
}
TASK_ORDER = tuple(task for tasks in GROUP_TASKS.values() for task in tasks)
NOTHING: Json = {"tasks": {}, "groups": {}, "total": None}


def head() -> list[str]:
    """Column titles: total and groups first, then the tasks in the order of the groups."""
    return ["model", "total", *[GROUP_TITLES[group] for group in GROUP_TASKS], *TASK_ORDER]


def paper_row(row: Json) -> list[object]:
    """A printed row; a mean that does not follow from its tasks is flagged, the recomputed one below."""
    means = [tag("b", flagged(row, name)) for name in ("total", *GROUP_TASKS)]
    return [f"{row['model']}, {row['frames']}", *means, *[printed(row["tasks"][task]) for task in TASK_ORDER]]


def printed(value: float | None) -> str:
    """Two decimals as in the paper."""
    return DASH if value is None else f"{value:.2f}"


def flagged(row: Json, name: str) -> object:
    """The printed mean, with a flag and the recomputed one where they differ."""
    value = printed(row["printed"][name])
    if name not in row["flags"]:
        return value
    return join([value, " ⚑", tag("small", f"is {printed(row['recomputed'][name])}")])


def our_row(label: str, scores: Json | None, *, style: str = "") -> list[object]:
    """A row of ours from a score table, with intervals below the values where there are any."""
    found = scores or NOTHING
    bounds = found.get("intervals", NOTHING)
    whole = all(found["groups"].get(group) is not None for group in GROUP_TASKS)
    means = [value_cell(found["total"], bounds["total"]) if whole else DASH]
    means += [value_cell(found["groups"].get(group), bounds["groups"].get(group)) for group in GROUP_TASKS]
    tasks = [
        value_cell(found["tasks"].get(task, {}).get("accuracy"), bounds["tasks"].get(task))
        for task in TASK_ORDER
    ]
    return [RowClass(style), label, *[tag("b", cell) for cell in means], *tasks]


def value_cell(value: float | None, bounds: Sequence[float] | None) -> Html:
    """One decimal, the interval small below."""
    small = tag("small", f"{bounds[0]:.0f}{DASH}{bounds[1]:.0f}") if bounds else ""
    return join([number(value), small])


def count_row(scores: Json) -> list[object]:
    """Scored points in all, per group and per task."""
    counts = {task: scores["tasks"].get(task, {}).get("total", 0) for task in TASK_ORDER}
    groups = [sum(counts[task] for task in tasks) for tasks in GROUP_TASKS.values()]
    return [RowClass("floor"), "scored points", sum(groups), *groups, *counts.values()]


def our_rows(results: Json, column: str) -> list[list[object]]:
    """Ours on one column: points per task, models, controls of the served model, blind policies."""
    served = results["served"]["model"]
    first = results["models"][served]["ovo"][column]
    rows = [count_row(first["model"])]
    for name, entry in results["models"].items():
        if entry["ovo"]:
            style = "served" if name == served else ""
            label = f"{name} (served)" if style else name
            rows.append(our_row(label, entry["ovo"][column]["model"], style=style))
    rows.append(our_row(f"{served}, strict reading", first["strict"]))
    rows.append(our_row(f"{served}, answer forced", first["forced"]))
    rows.append(our_row(f"{served}, exchanged video", first["exchanged"], style="floor"))
    rows += [our_row(name.replace("_", " "), shown, style="floor") for name, shown in first["blind"].items()]
    return rows
