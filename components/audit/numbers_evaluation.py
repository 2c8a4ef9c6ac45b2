"""The scores of every evaluation, counted again from its test points and watched states."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from components.audit.locked import Locked
from components.audit.number import EVALUATION, Number, Reader, compared
from components.audit.recount import (
    added,
    as_counts,
    confusion,
    from_counts,
    macro_f1,
    macro_interval,
    per_state,
    point_table,
)

COLUMNS = ("matched", "naive")


def evaluations(locked: Locked) -> list[str]:
    """The products of evaluations."""
    return sorted(path for path in locked.products if path.startswith(EVALUATION))


def evaluated(out: str, reader: Reader, seed: int) -> Iterator[Number]:
    """An evaluation's scores against its points and its watched states."""
    name = PurePosixPath(out).name
    scores, points = reader.json(f"{out}/scores.json"), reader.json(f"{out}/points.json")
    if scores is None:
        yield Number(f"{name} scores", None, "its scores.json is not to be had")
    elif "skipped" in scores:
        yield Number(f"{name} scores", None, f"skipped: {scores['skipped']}")
    elif scores.get("suite") == "ovo":
        yield from ovo_numbers(name, scores, points)
    elif scores.get("suite") == "validation":
        yield from validation_numbers(name, scores, points, reader.json(f"{out}/predictions.json"), seed)
    elif scores.get("suite") == "offline":
        yield from offline_numbers(name, scores, points)
    elif scores.get("suite") == "streamo_bench":
        yield from bench_numbers(name, scores, points)
    else:
        yield Number(f"{name} scores", None, f"suite {scores.get('suite')}: not counted again here")


def ovo_numbers(name: str, scores: Any, points: Any) -> Iterator[Number]:
    """Tasks, groups and total of both columns, from the test points."""
    if points is None or "points" not in points:
        yield Number(f"{name} accuracies", None, "no points.json: this version stored no test points")
        return
    for column in COLUMNS:
        counted = point_table(points["points"], column)
        total = sum(cell["total"] for cell in counted["tasks"].values())
        stored = scores["columns"][column]["model"]
        yield compared(f"{name} {column} accuracies", counted, stored, f"{total} test points")


def offline_numbers(name: str, scores: Any, points: Any) -> Iterator[Number]:
    """Correct and total of every task before and after conversion, from the test points."""
    if points is None or "points" not in points:
        yield Number(f"{name} accuracies", None, "no points.json: this version stored no test points")
        return
    for when in ("before", "after"):
        counted: dict[str, list[int]] = {}
        for point in points["points"]:
            cell = counted.setdefault(point["task"], [0, 0])
            cell[0], cell[1] = cell[0] + bool(point[when]), cell[1] + 1
        told = {task: [cell["correct"], cell["total"]] for task, cell in scores[when]["tasks"].items()}
        yield compared(f"{name} {when}", counted, told, f"{len(points['points'])} test points")


def bench_numbers(name: str, scores: Any, points: Any) -> Iterator[Number]:
    """Precision, recall and F1 of every kind of task, from the tasks' hits."""
    if points is None or "tasks" not in points:
        yield Number(f"{name} F1", None, "no points.json: this version stored no tasks")
        return
    sums: dict[str, list[int]] = {}
    for task in points["tasks"]:
        row = sums.setdefault(task["task"], [0, 0, 0])
        for place, key in enumerate(("hits", "said", "truths")):
            row[place] += task[key]
    counted = {
        kind: {
            "precision": round(100 * hits / said, 2) if said else None,
            "recall": round(100 * hits / truths, 2),
            "f1": round(200 * hits / (said + truths), 2),
        }
        for kind, (hits, said, truths) in sums.items()
    }
    yield compared(f"{name} F1", counted, scores["kinds"], f"{len(points['tasks'])} tasks")


def validation_numbers(name: str, scores: Any, points: Any, predictions: Any, seed: int) -> Iterator[Number]:
    """Confusion, macro F1 and its interval, from the watched turns and from the stored points."""
    if points is not None and "samples" in points:
        table = added([from_counts(sample["confusion"]) for sample in points["samples"]])
        how = f"{len(points['samples'])} samples of points.json"
        yield compared(f"{name} confusion of the points", as_counts(table), scores["confusion"], how)
    if predictions is None:
        yield Number(f"{name} scores", None, "its predictions.json is not to be had")
        return
    streams = predictions["streams"]
    tables = [confusion(stream["truth"], stream["states"]) for stream in streams]
    table = added(tables)
    counted = {
        "confusion": as_counts(table),
        "states": per_state(table),
        "macro_f1": round(macro_f1(table), 2),
    }
    yield compared(f"{name} states and macro F1", counted, scores, f"{table.sum()} watched turns")
    interval = macro_interval(tables, [stream["video_id"] for stream in streams], seed)
    how = "the same resampling, drawn again"
    yield compared(f"{name} interval of macro F1", interval, scores["macro_f1_interval"], how)
