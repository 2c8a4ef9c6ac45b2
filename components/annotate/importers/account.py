"""The account of an import: every row of the input is a label or a rejection with its reason.

A row is what a set calls one annotation and becomes one label; its parts are what become the responses of
that label. A caption set's row is a video and its parts are events; a grounding set's row is a query. Where a
row stays without some of its parts, those are `dropped`, each with a reason. So

    rows = labels + rejected        parts = responses of the labels + dropped + parts of rejected rows
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from components.annotate.importers.checks import DUPLICATE, NO_PART
from components.annotate.outcome import printable
from components.annotate.samples import RawLabel
from components.annotate.wording import instruct
from components.core.seeds import rng
from components.protocol.labels import LabelError, clean_text, read_label


@dataclass(frozen=True)
class Options:
    """What an import may be told.

    Attributes:
        seed: draws the wording of the instructions.
        durations: known lengths in seconds by video_id; they come before the set's own.
        media_root: where the videos lie; asked only for lengths that nothing else tells.

    """

    seed: int = 0
    durations: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    media_root: Path | None = None


@dataclass
class Imported:
    """What came of an import.

    Attributes:
        labels: raw labels, sorted by id.
        rejected: `{id, reason, detail}` of each row that became none; id is `<file>:<row>`.
        durations: seconds by video_id, as far as known.
        counts: rows, labels, rejected, parts, responses, parts_dropped, parts_rejected, videos; `reasons` of
            rows and `part_reasons`; `notes`: what a stated rule changed, by name.
        dropped: as `rejected`, of parts.
        waiting: rows by (video_id, source) that would be labels, were the video's length known.

    """

    labels: list[RawLabel]
    rejected: list[dict[str, str]]
    durations: dict[str, float]
    counts: dict[str, Any]
    dropped: list[dict[str, str]]
    waiting: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass
class Draft:
    """One label in the making.

    Attributes:
        video: video_id.
        task: task_type of the label.
        source: where it is from.
        questions: `(wording, query, seconds)`; a wording of None takes the query as it stands, else it names
            a file of `instructions/`.
        responses: in the raw label format.
        kind: finer than the task.
        duration_s: of the video, None if the set does not say.
        dropped: `(part, reason, detail)`.
        notes: rules that changed a part, by name.
        negative: nothing is to be said: what is asked for does not happen.

    """

    video: str
    task: str
    source: str
    questions: list[tuple[str | None, str, float]]
    responses: list[dict[str, Any]]
    kind: str
    duration_s: float | None = None
    dropped: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    negative: bool = False

    def span(self, text: str, start: float, end: float) -> None:
        """Add a response to the event `[start, end)`."""
        self.responses.append({"content": text, "st_time": start, "end_time": end, "time": ""})

    def instant(self, text: str, time: float) -> None:
        """Add a response that holds at instant `time`."""
        self.responses.append({"content": text, "st_time": "", "end_time": "", "time": time})


class Account:
    """Takes the rows of one import, one after the other."""

    def __init__(self, name: str, options: Options):
        self.name, self.options = name, options
        self.labels: list[RawLabel] = []
        self.rejected: list[dict[str, str]] = []
        self.dropped: list[dict[str, str]] = []
        self.durations: dict[str, float] = {}
        self.counts: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        self.waiting: Counter[tuple[str, str]] = Counter()
        self._numbers: Counter[str] = Counter()
        self._seen: set[bytes] = set()

    def length(self, video: str, own: float | None) -> float | None:
        """Seconds of a video: what the caller knows, else what the set says (`own`)."""
        return float(self.options.durations[video]) if video in self.options.durations else own

    def take(self, where: str, build: Callable[..., Draft], *row: Any) -> None:
        """Count one row and make a label of `build(*row)`; its LabelError rejects the row."""
        where = printable(where)
        try:
            draft = build(*row)
        except LabelError as error:
            self.refuse(where, error)
            return
        self.counts["rows"] += 1
        parts = len(draft.responses)
        self.counts["parts"] += parts + len(draft.dropped)
        self.dropped += [
            {"id": f"{where}/{part}", "reason": reason, "detail": detail}
            for part, reason, detail in draft.dropped
        ]
        try:
            self._add(draft)
        except LabelError as error:
            self.counts["parts_rejected"] += parts
            self._reject(where, error)

    def refuse(self, where: str, error: LabelError) -> None:
        """Count one row as a rejection."""
        self.counts["rows"] += 1
        self._reject(where, error)

    def _reject(self, where: str, error: LabelError) -> None:
        self.rejected.append({"id": printable(where), "reason": error.reason, "detail": error.detail})

    def _add(self, draft: Draft) -> None:
        if not draft.responses and not draft.negative:
            some = (
                f"none of {len(draft.dropped)} parts can be used" if draft.dropped else "nothing is answered"
            )
            raise LabelError(NO_PART, some)
        told = tuple(tuple(response.values()) for response in draft.responses)
        said = repr((draft.video, draft.task, draft.questions, told)).encode()  # repr spells odd letters out
        key = hashlib.blake2b(said, digest_size=16).digest()  # half a million texts need not be held twice
        if key in self._seen:
            raise LabelError(DUPLICATE, f"another row says the same of {draft.video!r}")
        base = f"{draft.task}-{draft.video}"
        label = self._label(draft, f"{base}-{self._numbers[base]}")
        read_label(label)
        for item in (*label["question"], *label["response"]):
            clean_text(item)
        self._seen.add(key)
        self._numbers[base] += 1
        self.labels.append(label)
        self.notes.update(draft.notes)
        if draft.duration_s is not None:
            self._know(draft.video, draft.duration_s)

    def _label(self, draft: Draft, name: str) -> RawLabel:
        seeded = (self.options.seed, "import", self.name, name)
        return {
            "id": name,
            "kind": draft.kind,
            "video_name": draft.video.rsplit("/", 1)[-1],
            "video_path": draft.video,
            "task_type": draft.task,
            "source": draft.source,
            "question": [
                {
                    "content": instruct(wording, rng(*seeded, number), query) if wording else query,
                    "time": time,
                }
                for number, (wording, query, time) in enumerate(draft.questions)
            ],
            "response": draft.responses,
        }

    def _know(self, video: str, seconds: float) -> None:
        known = self.durations.setdefault(video, seconds)
        if known != seconds:
            self.notes["duration_differs"] += 1

    def close(self) -> Imported:
        """Everything taken, sorted, with its counts."""
        videos = {label["video_path"] for label in self.labels}
        told = {name: float(s) for name, s in self.options.durations.items() if name in videos}
        counts = {
            "rows": self.counts["rows"],
            "labels": len(self.labels),
            "rejected": len(self.rejected),
            "parts": self.counts["parts"],
            "responses": sum(len(label["response"]) for label in self.labels),
            "parts_dropped": len(self.dropped),
            "parts_rejected": self.counts["parts_rejected"],
            "videos": len(videos),
            "reasons": _tally(self.rejected),
            "part_reasons": _tally(self.dropped),
            "notes": dict(sorted(self.notes.items())),
        }
        labels = sorted(self.labels, key=lambda label: str(label["id"]))
        durations = dict(sorted({**self.durations, **told}.items()))
        return Imported(labels, self.rejected, durations, counts, self.dropped, self.waiting)


def _tally(rows: list[dict[str, str]]) -> dict[str, int]:
    return dict(sorted(Counter(row["reason"] for row in rows).items()))
