"""`points.json`: what every test point came to, and the fingerprint of the held-out set it was asked on.

Two runs may be compared point by point exactly when their `heldout` is equal: it covers what was asked and
when, the truths, how points are tagged, the length an answer may have and the bytes of the videos; nothing of
the model, of the loss, of other videos or of the order of a file.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.core.errors import DataError
from components.core.hashing import fingerprint
from components.evaluate.intervals import Tags
from components.evaluate.ovo_format import GROUP_OF, Entry, Results, truths
from components.evaluate.ovo_rules import PointScore, official
from components.evaluate.ovo_score import entry_points
from components.evaluate.run_queries import question_of
from components.evaluate.state_scores import Watched, counts
from components.protocol.turns import Dialogue

Hashes = Mapping[str, str]
Row = dict[str, Any]


def ovo_heldout(entries: Sequence[Entry], hashes: Hashes, *, max_new_tokens: int) -> str:
    """The fingerprint of the ovo suite.

    Args:
        entries: the annotation entries.
        hashes: SHA-256 of every video an entry names.
        max_new_tokens: the longest answer that is decoded.

    Raises:
        DataError: two entries of a task bear one id, or a video is not in the manifest.

    """
    tags = Tags(entries)
    asked = sorted((row for entry in entries for row in asked_points(entry, tags, hashes)), key=by_id)
    check_unique(asked, "benchmark.json: test point")
    return fingerprint({"suite": "ovo", "max_new_tokens": max_new_tokens, "points": asked})


def asked_points(entry: Entry, tags: Tags, hashes: Hashes) -> Iterator[Row]:
    """What is asked at each test point of an entry, and the truth there: whatever decides a score."""
    forward = GROUP_OF[entry["task"]] == "forward"
    for index, truth in enumerate(truths(entry)):
        at = entry["test_info"][index] if forward else entry
        point = PointScore(entry["task"], entry["id"], index, 0.0)
        yield {
            "id": point.id,
            "match": tags.get(point, "match"),
            "column": tags.get(point, "points"),
            "question": question_of(entry, at) if forward else entry["question"],
            "asked_s": float(entry.get("ask_time", 0)) if forward else float(at["realtime"]),
            "time_s": float(at["realtime"]),
            "options": [] if forward else entry["options"],
            "step": at.get("step"),
            "truth": truth,
            "video": hash_of(entry["video"], hashes),
        }


def ovo_points(entries: Sequence[Entry], results: Results, heldout: str) -> dict[str, Any]:
    """`points.json` of the ovo suite: every point of both columns by the official rule, default reading.

    Args:
        entries: the annotation entries.
        results: what the model said, as official rows.
        heldout: `ovo_heldout` of the same entries.

    """
    tags = Tags(entries)
    videos = {(entry["task"], entry["id"]): entry["video"] for entry in entries}
    points = [
        {
            "id": point.id,
            "group": GROUP_OF[point.task],
            "task": point.task,
            "video_id": videos[(point.task, point.entry)],
            "match": tags.get(point, "match"),
            "column": tags.get(point, "points"),
            "correct": point.credit == 1,
        }
        for point in entry_points(entries, results, official)
    ]
    return {"schema": 1, "suite": "ovo", "heldout": heldout, "points": sorted(points, key=by_id)}


def validation_heldout(samples: Sequence[Dialogue], hashes: Hashes, *, max_new_tokens: int) -> str:
    """The fingerprint of the validation suite: the samples that are watched, not the whole split.

    Args:
        samples: the samples that are watched.
        hashes: SHA-256 of every video a sample names.
        max_new_tokens: the longest answer that is decoded (answers are fed back).

    Raises:
        DataError: two samples bear one id, or a video is not in the manifest.

    """
    rows: list[Row] = [
        {
            "id": sample.sample_id,
            "task": sample.task,
            "asks": [[turn.turn, text] for turn in sample.turns for text in turn.questions],
            "truth": [turn.state.label for turn in sample.turns],
            "video": hash_of(sample.video_id, hashes),
        }
        for sample in samples
    ]
    asked = sorted(rows, key=by_id)
    check_unique(asked, "validation split: sample")
    return fingerprint({"suite": "validation", "max_new_tokens": max_new_tokens, "samples": asked})


def validation_points(watched: Sequence[Watched], heldout: str) -> dict[str, Any]:
    """`points.json` of the validation suite: one confusion table `{truth: {said: turns}}` a sample."""
    rows = [
        {"id": one.sample_id, "task": one.task, "video_id": one.video_id, "confusion": counts([one])}
        for one in watched
    ]
    return {"schema": 1, "suite": "validation", "heldout": heldout, "samples": sorted(rows, key=by_id)}


def by_id(row: Row) -> str:
    """The order of both lists."""
    return str(row["id"])


def hash_of(video_id: str, hashes: Hashes) -> str:
    """A video's SHA-256; DataError if the manifest does not have it."""
    if video_id not in hashes:
        raise DataError(f"video {video_id} is not in the corpus manifest; run stage corpus again")
    return hashes[video_id]


def check_unique(rows: Sequence[Row], what: str) -> None:
    """Raise DataError if two of the sorted rows bear one id: a comparison could not tell them apart."""
    for before, row in itertools.pairwise(rows):
        if before["id"] == row["id"]:
            raise DataError(f"{what} {row['id']} occurs twice; give every entry of a task an id of its own")
