"""Rows of the OVO-Bench table: printed ones, ours, controls and floors, in one order of columns."""

from collections.abc import Mapping
from typing import Any

from components.report.cells import best_floor, printed, printed_mean, value_cell
from components.report.html import DASH, RowClass, tag
from components.report.palette import GROUP_TITLES
from components.report.paper import GROUP_TASKS

Json = Mapping[str, Any]
TASK_ORDER = tuple(task for tasks in GROUP_TASKS.values() for task in tasks)
NOTHING: Json = {"tasks": {}, "groups": {}, "total": None}


def totals_head() -> list[str]:
    """Column titles: totals and groups first, then the tasks in the order of the groups."""
    return [
        "model",
        "total",
        "recomputed",
        *[GROUP_TITLES[group] for group in GROUP_TASKS],
        *TASK_ORDER,
    ]


def paper_row(row: Json) -> list[object]:
    """A printed row; a mean that does not follow from its tasks is flagged."""
    total, *groups = [tag("b", printed_mean(row, name)) for name in ("total", *GROUP_TASKS)]
    tasks = [printed(row["tasks"][task]) for task in TASK_ORDER]
    return [f"{row['model']}, {row['frames']}", total, printed(row["recomputed"]["total"]), *groups, *tasks]


def our_row(label: str, scores: Json | None, *, style: str = "", floor: Json | None = None) -> list[object]:
    """A row of ours from a score table, with intervals below the values where there are any.

    floor: the highest blind score of every cell; given, points and floor stand below each value too.
    """
    found = scores or NOTHING
    bounds = found.get("intervals", NOTHING)
    counts = points_of(found) if floor else NOTHING
    beside = floor or NOTHING
    whole = all(found["groups"].get(group) is not None for group in GROUP_TASKS)
    means = [
        value_cell(found["total"], bounds["total"], n=counts["total"], floor=beside["total"])
        if whole
        else DASH
    ]
    cells = []
    for part, names in (("groups", tuple(GROUP_TASKS)), ("tasks", TASK_ORDER)):
        for name in names:
            value = found[part].get(name)
            score = value.get("accuracy") if isinstance(value, Mapping) else value
            extra = {"n": counts[part].get(name), "floor": beside[part].get(name)}
            cells.append(value_cell(score, bounds[part].get(name), **extra))
    groups = [tag("b", cell) for cell in cells[: len(GROUP_TASKS)]]
    return [RowClass(style), label, tag("b", *means), DASH, *groups, *cells[len(GROUP_TASKS) :]]


def points_of(scores: Json) -> Json:
    """How many points each cell of a score table is of."""
    tasks = {task: scores["tasks"].get(task, {}).get("total", 0) for task in TASK_ORDER}
    groups = {group: sum(tasks[task] for task in names) for group, names in GROUP_TASKS.items()}
    return {"tasks": tasks, "groups": groups, "total": sum(groups.values())}


def our_rows(results: Json, column: str) -> list[list[object]]:
    """Ours on one column: points per task, models, controls of the served model, blind policies."""
    served = results["served"]["model"]
    first = results["models"][served]["ovo"][column]
    floor = best_floor(first["blind"].values())
    rows: list[list[object]] = []
    for name, entry in results["models"].items():
        if entry["ovo"]:
            style = "served" if name == served else ""
            label = f"{name} (served)" if style else name
            rows.append(our_row(label, entry["ovo"][column]["model"], style=style, floor=floor))
    rows.append(our_row(f"{served}, strict reading", first["strict"]))
    rows.append(our_row(f"{served}, answer forced", first["forced"]))
    rows.append(our_row(f"{served}, exchanged video", first["exchanged"], style="floor"))
    rows += [our_row(name.replace("_", " "), shown, style="floor") for name, shown in first["blind"].items()]
    return rows
