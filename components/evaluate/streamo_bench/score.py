"""Scores of a set: the paper's metrics, what extra answers cost, blind policies and intervals beside."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from components.evaluate.streamo_bench.format import GROUPS, KINDS, BenchSet, Task
from components.evaluate.streamo_bench.measure import Row, measure
from components.evaluate.streamo_bench.metrics import PAPER, STRICT, table
from components.evaluate.streamo_bench.policies import policies
from components.evaluate.streamo_bench.said import Said

Answers = Mapping[str, Sequence[Said]]


def score(
    bench: BenchSet, answers: Answers, *, seed: int = 0, odd: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """The object `streamo score streamo_bench --json` prints.

    Args:
        bench: the set.
        answers: what was said, by task id, in order of time; a task that is missing was silent.
        seed: of the bootstrap.
        odd: what was counted while reading the answers.

    Returns:
        `tasks`, `groups`, `total` by the paper's rules, `strict` (F1, the same shape), `floors` by policy
        (the same shape with `strict` and `kinds`), `kinds`: every metric with intervals and counts;
        `exceeds`: whether the lower bound of F1 is above every policy's F1.

    """
    shown = scored(bench, answers, seed)
    floors = {name: scored(bench, said, seed) for name, said in policies(bench).items()}
    return {
        **shown,
        "benchmark": "streamo_bench",
        "set": {
            "name": bench.name,
            "fingerprint": bench.fingerprint(),
            "videos": len(bench.videos),
            "tasks": len(bench.tasks),
            "content_rule": bench.content_rule,
        },
        "floors": floors,
        "exceeds": {kind: exceeds(kind, shown, list(floors.values())) for kind in shown["kinds"]},
        "counted": {reason: count for reason, count in sorted((odd or {}).items()) if count},
    }


def scored(bench: BenchSet, answers: Answers, seed: int) -> dict[str, Any]:
    """Tables of one answerer."""
    rows = {task.id: measure(task, answers.get(task.id, ()), bench.content_rule) for task in bench.tasks}
    kinds = {}
    for kind in KINDS:
        members = [task for task in bench.tasks if task.kind == kind]
        if members:
            kinds[kind] = table(kind, [rows[t.id] for t in members], [t.video_id for t in members], seed)
    return {
        **shape(kinds, PAPER),
        "strict": shape(kinds, dict.fromkeys(KINDS, STRICT)),
        "kinds": kinds,
    }


def shape(kinds: Mapping[str, Any], headline: Mapping[str, str]) -> dict[str, Any]:
    """`tasks`, `groups` and `total` from one metric a kind; means of what is present."""
    tasks = {
        kind: {
            "metric": headline[kind],
            "accuracy": table[headline[kind]],
            "interval": table["intervals"][headline[kind]],
            "total": int(table["counts"]["truths"]),
        }
        for kind, table in kinds.items()
    }
    groups = {
        group: mean([tasks[kind]["accuracy"] for kind in members if kind in tasks])
        for group, members in GROUPS.items()
    }
    return {"tasks": tasks, "groups": groups, "total": mean(list(groups.values()))}


def mean(values: Sequence[float | None]) -> float | None:
    """The mean of what is there, two decimals; None of nothing."""
    kept = [value for value in values if value is not None]
    return round(sum(kept) / len(kept), 2) if kept else None


def exceeds(kind: str, shown: Mapping[str, Any], floors: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the model's F1 is above every blind policy's, its whole interval included."""
    interval = shown["kinds"][kind]["intervals"][STRICT]
    return all(interval[0] > floor["kinds"][kind][STRICT] for floor in floors)


def points(bench: BenchSet, answers: Answers) -> list[dict[str, Any]]:
    """One row a task: what it came to, for a comparison task by task."""
    return [point(task, answers.get(task.id, ()), bench.content_rule) for task in bench.tasks]


def point(task: Task, said: Sequence[Said], rule: str) -> dict[str, Any]:
    """One row of `points.json`."""
    row: Row = measure(task, said, rule)
    return {
        "id": task.id,
        "task": task.kind,
        "video_id": task.video_id,
        "hits": int(row["hits"]),
        "said": int(row["said"]),
        "truths": int(row["truths"]),
        "credited": round(row["credited"], 4),
    }


def count_kinds(bench: BenchSet) -> dict[str, int]:
    """Tasks of each kind."""
    counts = Counter(task.kind for task in bench.tasks)
    return {kind: counts[kind] for kind in KINDS if counts[kind]}
