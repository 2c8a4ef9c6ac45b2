"""Scores counted again from what an evaluation stored: test points, watched states. Reads no evaluation code.

The formulas are those of components/evaluate/README.md, written a second time on purpose: a number that two
separate pieces of code reach from the same points is worth more than one that a single piece reaches twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from components.core.seeds import rng
from components.protocol.states import LABELS

Json = Mapping[str, Any]
Table = npt.NDArray[np.int64]
DRAWS, TAILS = 1000, (2.5, 97.5)
# Stored percents have two decimals, shares six; a sum in another order may round the last one the other way.
PERCENT_OFF, SHARE_OFF = 0.011, 1.1e-6


def percent(part: float, whole: float) -> float | None:
    """Percent with two decimals, None of nothing."""
    return round(100 * part / whole, 2) if whole else None


def point_table(points: Iterable[Json], column: str) -> dict[str, Any]:
    """Counts and accuracy a task, the mean of its tasks a group, the mean of the groups in all."""
    tasks: dict[str, list[bool]] = defaultdict(list)
    group_of: dict[str, str] = {}
    for point in points:
        if point["column"] == column:
            tasks[point["task"]].append(bool(point["correct"]))
            group_of[point["task"]] = point["group"]
    means = {task: sum(hits) / len(hits) for task, hits in tasks.items()}
    groups = {
        name: sum(means[task] for task in members) / len(members)
        for name in sorted(set(group_of.values()))
        if (members := [task for task in means if group_of[task] == name])
    }
    return {
        "tasks": {
            task: {"correct": sum(hits), "total": len(hits), "accuracy": round(100 * means[task], 2)}
            for task, hits in sorted(tasks.items())
        },
        "groups": {name: round(100 * value, 2) for name, value in groups.items()},
        "total": round(100 * sum(groups.values()) / len(groups), 2) if groups else None,
    }


def confusion(truth: Sequence[str], said: Sequence[str]) -> Table:
    """Turns by true (row) and said (column) state, in the order of `LABELS`."""
    table = np.zeros((len(LABELS), len(LABELS)), dtype=np.int64)
    place = {label: number for number, label in enumerate(LABELS)}
    for true, heard in zip(truth, said, strict=True):
        table[place[true], place[heard]] += 1
    return table


def from_counts(counts: Mapping[str, Mapping[str, int]]) -> Table:
    """`{truth: {said: turns}}` as a table."""
    return np.array([[counts[true][said] for said in LABELS] for true in LABELS], dtype=np.int64)


def added(tables: Sequence[Table]) -> Table:
    """The sum of tables."""
    whole: Table = np.sum(tables, axis=0)
    return whole


def as_counts(table: Table) -> dict[str, dict[str, int]]:
    """The table as `{truth: {said: turns}}`."""
    return {true: {said: int(table[i, j]) for j, said in enumerate(LABELS)} for i, true in enumerate(LABELS)}


def per_state(table: Table) -> dict[str, dict[str, float | int | None]]:
    """Precision, recall, F1 in percent and turns of every state."""
    return {
        state: {
            "turns": int(table[i].sum()),
            "predicted": int(table[:, i].sum()),
            "precision": percent(int(table[i, i]), int(table[:, i].sum())),
            "recall": percent(int(table[i, i]), int(table[i].sum())),
            "f1": percent(2 * int(table[i, i]), int(table[i].sum() + table[:, i].sum())),
        }
        for i, state in enumerate(LABELS)
    }


def macro_f1(table: Table) -> float:
    """Mean F1 over the states that occur; each F1 is rounded first, as it is stored."""
    values = [cell["f1"] for cell in per_state(table).values() if cell["f1"] is not None]
    return sum(values) / len(values) if values else 0.0


def macro_interval(tables: Sequence[Table], videos: Sequence[str], seed: int) -> list[float]:
    """The 95 % bootstrap interval of `macro_f1` over videos, in the order in which samples were watched."""
    whole: dict[str, Table] = {}
    for table, video in zip(tables, videos, strict=True):
        whole[video] = whole[video] + table if video in whole else table
    stack = np.stack(list(whole.values()))
    generator = rng(seed, "bootstrap", len(tables))
    values = [
        macro_f1(stack[generator.integers(0, len(stack), len(stack))].sum(axis=0)) for _ in range(DRAWS)
    ]
    return [round(float(value), 2) for value in np.nanpercentile(values, TAILS)]


def off_by(left: float, right: float) -> float:
    """How far two stored numbers may lie apart and still be the same."""
    return SHARE_OFF if abs(left) <= 1 and abs(right) <= 1 else PERCENT_OFF


def differs(left: Any, right: Any, path: str = "") -> list[str]:
    """Where two JSON values differ by more than the last stored decimal; keys of `left` only are compared."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return [
            found for key in left for found in differs(left[key], right.get(key), f"{path}.{key}".lstrip("."))
        ]
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        pairs = enumerate(zip(left, right, strict=True))
        return [found for i, (one, two) in pairs for found in differs(one, two, f"{path}[{i}]")]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (left, right))
    same = abs(left - right) < off_by(left, right) if numbers else left == right
    return [] if same else [f"{path or 'value'}: {left}, not {right}"]
