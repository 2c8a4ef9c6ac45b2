"""`points.json` of two models on one held-out set, paired by id and laid out for the bootstrap."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.core.errors import DataError
from components.protocol.states import LABELS
from components.registry.paired import Array, Statistic, Task, accuracy, macro_f1

ROWS = {"ovo": "points", "validation": "samples"}
COLUMNS = ("matched", "naive")  # a group is compared on the first column it has points of
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Points:
    """A checked points.json: rows by id; `skipped` says why there are none."""

    suite: str
    heldout: str
    rows: dict[str, Row]
    skipped: str | None = None


@dataclass(frozen=True)
class Group:
    """One group of tasks as both models did it; `clips` are cells by (video_id, task) for the worse list."""

    name: str
    column: str
    unit: str
    row: str
    points: int
    statistic: Statistic
    tasks: list[Task]
    clips: dict[tuple[str, str], tuple[Array, Array]]


def parse_points(data: bytes, suite: str, where: str) -> Points:
    """The points of one suite; DataError says what is wrong with the file `where`."""
    try:
        value = json.loads(data)
        rows, heldout = value[ROWS[suite]], str(value["heldout"])
        by_id = {str(row["id"]): row for row in rows}
        cells = [cells_of(suite, row) for row in rows]
        places = [place(suite, row) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{where}: not the points of suite {suite} ({type(error).__name__}: {error}); "
            "evaluate that model again"
        ) from None
    if value.get("suite") != suite or len(by_id) != len(rows) or len(cells) != len(places):
        raise DataError(f"{where}: expected suite {suite} and one row an id; evaluate that model again")
    return Points(suite, heldout, by_id, value.get("skipped"))


def cells_of(suite: str, row: Row) -> list[float]:
    """What a row adds to its unit: (correct, 1), or the nine cells of its confusion table."""
    if suite == "ovo":
        return [float(row["correct"]), 1.0]
    return [float(row["confusion"][true][said]) for true in LABELS for said in LABELS]


def place(suite: str, row: Row) -> tuple[str, str, str, str, str]:
    """Where a row counts: group, column, task within the group's mean, unit, and video."""
    if suite == "ovo":
        keys = ("group", "column", "task", "match", "video_id")
        group, column, task, unit, video = (str(row[key]) for key in keys)
        return group, column, task, unit, video
    # One macro F1 over all samples: their tasks are not averaged.
    return "validation", "validation", "states", str(row["video_id"]), str(row["video_id"])


def pair(candidate: Points, champion: Points) -> list[Group]:
    """The groups both models were tested on, by name.

    Raises:
        DataError: the two files do not name the same points, or name them differently.

    """
    if candidate.rows.keys() != champion.rows.keys():
        odd = sorted(candidate.rows.keys() ^ champion.rows.keys())
        raise DataError(
            f"suite {candidate.suite}: points of candidate and champion differ, {len(odd)} are in one file "
            f"only (first: {odd[0]}); evaluate both on one held-out set (`streamo evaluate`)"
        )
    sorted_in: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, row in sorted(candidate.rows.items()):
        where = place(candidate.suite, row)
        if place(champion.suite, champion.rows[name]) != where:
            raise DataError(
                f"suite {candidate.suite}: point {name} is not the same in both files; evaluate again"
            )
        sorted_in[where[0]][where[1]].append(name)
    groups = []
    for group, columns in sorted(sorted_in.items()):
        column = min(columns, key=lambda name: (COLUMNS.index(name) if name in COLUMNS else 0, name))
        groups.append(lay_out(group, column, columns[column], candidate, champion))
    return groups


def lay_out(group: str, column: str, names: Sequence[str], candidate: Points, champion: Points) -> Group:
    """The cells of these points, summed by unit within each task and by clip."""
    suite = candidate.suite
    units: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    clips: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in names:
        row = candidate.rows[name]
        _, _, task, unit, video = place(suite, row)
        units[task][unit].append(name)
        clips[(video, str(row["task"]))].append(name)

    def both(members: Sequence[str]) -> tuple[Array, Array]:
        return summed(candidate, members), summed(champion, members)

    tasks = []
    for task, sets in sorted(units.items()):
        cells = [both(members) for _, members in sorted(sets.items())]
        videos = {place(suite, candidate.rows[name])[-1] for members in sets.values() for name in members}
        ours, theirs = (np.array(side) for side in zip(*cells, strict=True))
        tasks.append(Task(task, len(videos), ours, theirs))
    return Group(
        name=group,
        column=column,
        unit="matched sets" if suite == "ovo" else "videos",
        row="points" if suite == "ovo" else "samples",
        points=len(names),
        statistic=accuracy if suite == "ovo" else macro_f1,
        tasks=tasks,
        clips={clip: both(members) for clip, members in sorted(clips.items())},
    )


def summed(points: Points, names: Sequence[str]) -> Array:
    """The cells of these rows added up."""
    total: Array = np.sum([cells_of(points.suite, points.rows[name]) for name in names], axis=0)
    return total
