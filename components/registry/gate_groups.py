"""One group of tasks judged: candidate minus champion, its interval, and the clips that got worse."""

from typing import Any

from components.registry.gate_points import Group
from components.registry.paired import Comparison, compare, unseen_loss


def judge_group(group: Group, margin: float) -> dict[str, Any]:
    """A group's entry of gate.json; `reason` is the sentence behind `passed`.

    Args:
        group: what both models did.
        margin: percentage points the 95 % interval of the difference may reach below zero.

    """
    found = compare(group.name, group.tasks, group.statistic)
    hidden = unseen_loss(group.tasks)
    units = sum(task.units for task in group.tasks)
    passed, reason = verdict(found, margin, hidden, f"{units} {group.unit}, {group.points} {group.row}")
    return {
        "candidate": found.candidate,
        "champion": found.champion,
        "difference": found.difference,
        "interval": list(found.interval),
        "margin": margin,
        "unseen_loss": hidden,
        "n": units,
        "unit": group.unit,
        "points": group.points,
        "column": group.column,
        "passed": passed,
        "reason": reason,
        "worse": worse_clips(group),
    }


def verdict(found: Comparison, margin: float, hidden: float, size: str) -> tuple[bool, str]:
    """Whether the candidate is shown to be not worse, and why; the rounded numbers decide."""
    low, high = found.interval
    shown = f"{found.difference:+.2f} points [{low:+.2f}, {high:+.2f}], margin {margin:g}"
    larger = "a larger held-out set or margin (registry.margin) decides"
    if high < 0 and low < -margin:
        return False, f"worse than the champion: {shown} ({size})"
    if low < -margin:
        return (
            False,
            f"not shown to be as good: {shown}; the interval is wider than the margin: {size}; {larger}",
        )
    if hidden > margin:
        return False, (
            f"too few clips: {shown}, but {hidden:g} points could be lost on clips like none of these: "
            f"{size}; {larger}"
        )
    return True, f"not worse by more than the margin: {shown} ({size})"


def worse_clips(group: Group) -> list[dict[str, Any]]:
    """Clips, per task, on which the candidate lies below the champion, in percent; the worst first."""
    rows = []
    for (video_id, task), (ours, theirs) in group.clips.items():
        candidate = round(float(group.statistic(ours)), 2)
        champion = round(float(group.statistic(theirs)), 2)
        if candidate < champion:
            rows.append({"video_id": video_id, "task": task, "candidate": candidate, "champion": champion})
    return sorted(rows, key=lambda row: (row["candidate"] - row["champion"], row["video_id"], row["task"]))
