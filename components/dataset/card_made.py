"""The part of the card that says how the dataset was made: labels, set aside, reviews, exclusions."""

from collections.abc import Mapping
from typing import Any

from components.dataset.card_tables import table

Json = Mapping[str, Any]
RULES = """## How it was made

Labels became turns by fixed rules of time and passed the gate (state shares, contiguous time, one state a
turn, text exactly on responses, no response before its question). Videos of the same content, equal files or
pictures that nearly agree in every second, stand on one side of the split together.
"""


def made(summary: Json) -> str:
    """Teachers and what they could not answer, reviews, excluded videos."""
    parts = [
        RULES,
        labels(summary["annotations"]),
        set_aside(summary["annotations"]),
        reviews(summary["reviews"]),
        excluded(summary["excluded"]),
    ]
    return "\n".join(part for part in parts if part)


def labels(annotations: Json) -> str:
    """Labels by task with their teacher and the hash of its prompts."""
    rows = [
        [
            task,
            entry["labels"],
            ", ".join(entry["teachers"]) or "from other labels",
            ", ".join(entry["prompts"]) or "-",
            sum(entry["set_aside"].values()),
            entry["reviews"].get("applied", 0) if "reviews" in entry else 0,
        ]
        for task, entry in annotations.items()
    ]
    return table(["task", "labels", "teacher", "prompts", "set aside", "reviewed"], rows)


def set_aside(annotations: Json) -> str:
    """What the guard and the reviewers rejected, by reason."""
    rows = [
        [task, reason, count]
        for task, entry in annotations.items()
        for reason, count in entry["set_aside"].items()
    ]
    if not rows:
        return "No label was set aside.\n"
    return "Set aside before the labels became turns:\n\n" + table(["task", "reason", "rows"], rows)


def reviews(found: Json) -> str:
    """Verdicts by reviewer, and reviews that no longer fit their label."""
    if not found:
        return "No label was reviewed by a person.\n"
    kinds = sorted({verdict for given in found["verdicts"].values() for verdict in given})
    rows = [
        [reviewer, *(given.get(kind, 0) for kind in kinds)] for reviewer, given in found["verdicts"].items()
    ]
    others = ", ".join(f"{name} {count}" for name, count in found.items() if name != "verdicts")
    if not rows:
        return f"No review fits the labels as they are now: {others}.\n"
    said = f"Reviewed by people (rejected labels are not in the dataset; {others}):\n\n"
    return said + table(["reviewer", *kinds], rows)


def excluded(found: Json) -> str:
    """Videos left out of the dataset."""
    if not found:
        return "No video was excluded.\n"
    rows = [[f"`{reason}`", entry["videos"], entry["samples"]] for reason, entry in found.items()]
    head = "Excluded, so that no benchmark video is trained on:\n\n"
    return head + table(["reason", "videos", "samples"], rows)
