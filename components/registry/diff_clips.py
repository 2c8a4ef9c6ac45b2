"""Which clips got better and which worse between two versions, by suite and task, from points.json."""

from collections import defaultdict
from typing import Any

from components.registry.diff_package import Package
from components.registry.gate_points import ROWS, Points, parse_points

Clip = tuple[str, str]  # task, video_id


def clip_changes(old: Package, new: Package) -> dict[str, Any]:
    """`{suite: {"comparable", "why", "tasks": {task: {"better", "worse", "same"}}}}`.

    Points are compared only where both versions were asked the same (equal `heldout`): else a clip's score
    would differ for want of the same questions.
    """
    found = {}
    for suite in ROWS:
        before, after = (points_of(package, suite) for package in (old, new))
        why = incomparable(before, after)
        tasks = {} if why or before is None or after is None else task_changes(before, after)
        found[suite] = {"comparable": why is None, "why": why, "tasks": tasks}
    return found


def points_of(package: Package, suite: str) -> Points | None:
    """The points of a suite, None if the version carries none."""
    path = f"product/evaluation/{suite}/points.json"
    data = package.read(path)
    return None if data is None else parse_points(data, suite, f"{package.version}: {path}")


def incomparable(old: Points | None, new: Points | None) -> str | None:
    """Why two sets of points cannot be compared clip by clip."""
    if old is None or new is None:
        return "a version carries no points of this suite"
    if old.heldout != new.heldout:
        return "the held-out sets differ (`streamo gate` evaluates the champion again)"
    return old.skipped or new.skipped


def task_changes(old: Points, new: Points) -> dict[str, Any]:
    """Clips of each task that got better or worse, in percent, those that changed most first."""
    before, after = scores_of(old), scores_of(new)
    found: dict[str, Any] = {}
    for task, video_id in sorted(before):
        entry = found.setdefault(task, {"better": [], "worse": [], "same": 0})
        was, now = before[task, video_id], after[task, video_id]
        row = {"video_id": video_id, "old": was, "new": now}
        if was == now:
            entry["same"] += 1
        else:
            entry["better" if now > was else "worse"].append(row)
    for entry in found.values():
        for rows in (entry["better"], entry["worse"]):
            rows.sort(key=lambda row: (-abs(row["new"] - row["old"]), row["video_id"]))
    return found


def scores_of(points: Points) -> dict[Clip, float]:
    """Percent right of every clip in every task: test points, or turns whose state is the true one."""
    right: dict[Clip, int] = defaultdict(int)
    whole: dict[Clip, int] = defaultdict(int)
    for row in points.rows.values():
        clip = (str(row["task"]), str(row["video_id"]))
        if points.suite == "ovo":
            right[clip] += bool(row["correct"])
            whole[clip] += 1
        else:
            right[clip] += sum(said.get(true, 0) for true, said in row["confusion"].items())
            whole[clip] += sum(sum(said.values()) for said in row["confusion"].values())
    return {clip: round(100 * right[clip] / whole[clip], 2) if whole[clip] else 0.0 for clip in whole}
