"""People's verdicts on labels (data/reviews.jsonl), and what becomes of the labels they speak of.

A line is one verdict on one label as it was then (`sha256`): `approve` keeps it, `fix` gives it other
responses, `reject` takes it out. A fix makes a new version of the label, which later lines may speak of.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from components.annotate.guard import violation
from components.annotate.review_rules import Response, faults, shape_fault
from components.annotate.samples import RawLabel
from components.core.errors import DataError
from components.core.hashing import fingerprint

FILE = "reviews.jsonl"
MARK = "review"  # the key of a reviewed label that says who reviewed it, when and how
APPROVE, FIX, REJECT = VERDICTS = ("approve", "fix", "reject")
STALE, UNKNOWN, REJECTED = "review_stale", "review_of_unknown_label", "rejected_by_review"
LONGEST_NAME = 100  # of a reviewer: it stands in labels, cards and terminals
DATE = "%Y-%m-%dT%H:%M:%SZ"
_KEYS = ("label", "sha256", "verdict", "reviewer", "date", "note")
_TEXT = {"type": "string", "minLength": 1}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": _KEYS,
    "properties": {
        **dict.fromkeys(_KEYS, _TEXT),
        "verdict": {"type": "string", "enum": list(VERDICTS)},
        "note": {"type": "string"},
    },
}


@dataclass(frozen=True)
class Review:
    """One line of the file.

    Attributes:
        label: id of the label.
        sha256: of the label's canonical JSON as it was reviewed (`label_sha256`).
        verdict: approve, fix or reject.
        response: all responses of the fixed label; empty unless the verdict is fix.
        reviewer: a name.
        date: UTC, `2026-11-23T04:10:00Z`.
        note: the reviewer's words, may be empty.
        where: file and line, for messages.

    """

    label: str
    sha256: str
    verdict: str
    response: tuple[Response, ...]
    reviewer: str
    date: str
    note: str
    where: str = ""

    def line(self) -> dict[str, Any]:
        """The object of the file."""
        keys = {key: getattr(self, key) for key in _KEYS}
        return {**keys, "response": list(self.response)}


@dataclass
class Applied:
    """Labels after review, those taken out, and what became of every review."""

    labels: list[RawLabel] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)  # (label id, who said so and why)
    verdicts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    counts: Counter[str] = field(default_factory=Counter)

    def summary(self) -> dict[str, Any]:
        """Plain values; verdicts add up to applied + superseded, with stale and unknown to all reviews."""
        names = ("applied", "superseded", STALE, UNKNOWN)
        verdicts = {
            reviewer: {verdict: self.verdicts[reviewer][verdict] for verdict in VERDICTS}
            for reviewer in sorted(self.verdicts)
        }
        return {**{name: self.counts[name] for name in names}, "verdicts": verdicts}


def label_sha256(label: Mapping[str, Any]) -> str:
    """SHA-256 of a label's canonical JSON, without the mark of an earlier review."""
    return fingerprint({key: value for key, value in label.items() if key != MARK})


def read(path: Path) -> list[Review]:
    """The reviews of a file, in its order.

    Raises:
        DataError: a line is not one of this format: file, line and what was expected.

    """
    lines = path.read_bytes().split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return [_parse(line, f"{path} line {number}") for number, line in enumerate(lines, start=1)]


def _parse(line: bytes, where: str) -> Review:
    try:
        value = json.loads(line.decode("utf-8"), parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # half a surrogate pair fits into no file
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not one JSON object ({error}); mend or remove the line") from None
    fault = _fault(value)
    if fault:
        raise DataError(f"{where}: {fault}; mend or remove the line")
    return Review(**{**value, "response": tuple(value["response"])}, where=where)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _fault(value: Any) -> str | None:
    """The first fault of a line, in words."""
    if not isinstance(value, dict) or not isinstance(value.get("response"), list):
        return "expected an object with a list `response`"
    outer = violation({key: item for key, item in value.items() if key != "response"}, _SCHEMA, "review")
    if outer:
        return outer
    if not value["reviewer"].isprintable() or len(value["reviewer"]) > LONGEST_NAME:
        return (
            f"reviewer: expected at most {LONGEST_NAME} printable characters, found {value['reviewer']!r:.80}"
        )
    if not re.fullmatch(r"[0-9a-f]{64}", value["sha256"]):
        return f"sha256: expected 64 hex digits, found {value['sha256']!r:.80}"
    try:
        exact = datetime.strptime(value["date"], DATE).strftime(DATE) == value["date"]
    except ValueError:
        exact = False
    if not exact:
        return f"date: expected UTC such as 2026-11-23T04:10:00Z, found {value['date']!r:.40}"
    if value["verdict"] != FIX and value["response"]:
        return f"response: only the verdict {FIX} bears responses"
    found = (
        f"response[{place}]: {fault}"
        for place, item in enumerate(value["response"])
        if (fault := shape_fault(item))
    )
    return next(found, None)


def apply(labels: Sequence[RawLabel], reviews: Sequence[Review], durations: Mapping[str, float]) -> Applied:
    """Labels as their reviews leave them.

    A review counts if the label, or an earlier fix of it, still is what was reviewed; of those that count,
    the last by date decides (the later line, of one second). One of a label that is not here is unknown.

    Args:
        labels: as the teacher made them, each with an id of its own.
        reviews: all that this stage answers for.
        durations: seconds of each label's video, by video_id.

    Raises:
        DataError: a fix that decides puts a response outside the video or breaks another rule of
            `review_rules.faults`.

    """
    by_label: dict[str, list[Review]] = defaultdict(list)
    for review in reviews:
        by_label[review.label].append(review)
    applied = Applied()
    for label in labels:
        _judge(label, by_label.pop(str(label["id"]), []), durations, applied)
    applied.counts[UNKNOWN] += sum(len(left) for left in by_label.values())
    return applied


def _judge(label: RawLabel, reviews: list[Review], durations: Mapping[str, float], applied: Applied) -> None:
    """Add one label to `applied`, as its reviews leave it."""
    versions = {label_sha256(label): label}
    last: tuple[Review, RawLabel, RawLabel] | None = None
    for review in sorted(reviews, key=lambda review: review.date):
        seen = versions.get(review.sha256)
        if seen is None:
            applied.counts[STALE] += 1
            continue
        left = {**seen, "response": list(review.response)} if review.verdict == FIX else seen
        versions[label_sha256(left)] = left
        applied.verdicts[review.reviewer][review.verdict] += 1
        applied.counts["superseded"] += last is not None
        last = review, seen, left
    if last is None:
        applied.labels.append(label)
        return
    applied.counts["applied"] += 1
    review, seen, left = last
    if review.verdict == REJECT:
        note = f": {review.note}" if review.note else ""
        applied.rejected.append((str(label["id"]), f"by {review.reviewer} on {review.date}{note}"))
        return
    if review.verdict == FIX:
        _check(review, seen, durations[seen["video_path"]])
    mark = {"reviewer": review.reviewer, "date": review.date, "verdict": review.verdict}
    applied.labels.append({**left, MARK: mark})


def _check(review: Review, label: RawLabel, duration_s: float) -> None:
    found = faults(label, review.response, duration_s)
    if found:
        place, text = found[0]
        part = f"response[{place}]" if place >= 0 else "label"
        raise DataError(f"{review.where}: {review.label}: {part}: {text}; mend or remove the line")
