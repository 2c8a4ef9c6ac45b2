"""What every import keeps: rows = labels + rejections, parts are conserved, and the labels convert."""

from typing import Any

from components.annotate.importers.account import Imported
from components.protocol.convert import convert_sample, num_turns


def balanced(imported: Imported) -> Imported:
    """`imported`, whose account is checked."""
    counts = imported.counts
    assert counts["rows"] == counts["labels"] + counts["rejected"]
    assert counts["labels"] == len(imported.labels) == len({label["id"] for label in imported.labels})
    assert counts["rejected"] == len(imported.rejected) == sum(counts["reasons"].values())
    assert counts["parts_dropped"] == len(imported.dropped) == sum(counts["part_reasons"].values())
    responses = sum(len(label["response"]) for label in imported.labels)
    assert counts["parts"] == responses + len(imported.dropped) + counts["parts_rejected"]
    for label in imported.labels:
        seconds = imported.durations.get(label["video_path"])
        if seconds is not None:
            dialogue = convert_sample(label, num_turns(seconds), duration_s=seconds)
            assert dialogue.counts.placed == len(label["response"]), dialogue.quarantine
    return imported


def reasons(rows: list[dict[str, str]]) -> dict[str, str]:
    """Reason by id of rejected or dropped rows."""
    return {row["id"]: row["reason"] for row in rows}


def said(label: dict[str, Any]) -> list[tuple[Any, Any, Any]]:
    """Text, start and end of each response."""
    return [(item["content"], item["st_time"], item["end_time"]) for item in label["response"]]
