"""Caption sets: one label a video, asked at second 0 for every event, each told when it has ended."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.annotate.importers import checks
from components.annotate.importers.account import Account, Draft
from components.annotate.importers.checks import DUPLICATE, TRIMMED
from components.annotate.importers.rows import read_named
from components.protocol import reasons
from components.protocol.labels import LabelError

TASK, WORDING = "event_caption", "every_event"
Event = tuple[Any, Any, Any]  # start, end, caption, as the set has them


def take_video(draft: Draft, events: Sequence[Event]) -> Draft:
    """`draft` with a response for each usable event; the others are dropped, each with its reason."""
    seen: set[tuple[float, float, str]] = set()
    for number, (start, end, caption) in enumerate(events):
        try:
            first, last, trimmed = checks.span(start, end, draft.duration_s)
            said = checks.words(caption)
            if (first, last, said) in seen:
                raise LabelError(DUPLICATE, f"{said!r:.60} from {first} s to {last} s stands twice")
        except LabelError as error:
            draft.dropped.append((str(number), error.reason, error.detail))
            continue
        seen.add((first, last, said))
        draft.notes += [TRIMMED] * trimmed
        draft.span(said, first, last)
    return draft


def new_video(video: str, source: str, duration_s: float | None) -> Draft:
    """A label that asks for every event of `video` from second 0 on."""
    return Draft(video, TASK, source, [(WORDING, "", 0.0)], [], "every_event", duration_s)


def take_file(account: Account, path: Path, folder: str) -> None:
    """The rows of {video: {duration, timestamps: [[start, end]], sentences: [text]}} in real seconds."""
    rows, again = read_named(path)
    for name, row in rows.items():
        account.take(f"{path.name}:{name}", _draft, account, folder, name, row)
    for name, number in sorted(again.items()):
        for _ in range(number):
            error = LabelError(DUPLICATE, "the name stands again in the same object; the last one counts")
            account.refuse(f"{path.name}:{name}", error)


def _draft(account: Account, folder: str, name: str, row: Any) -> Draft:
    video = checks.path(folder, name)
    length = checks.duration(checks.field(row, "duration"))
    spans, captions = checks.items(row, "timestamps"), checks.items(row, "sentences")
    if len(spans) != len(captions):
        detail = f"{len(spans)} timestamps and {len(captions)} sentences"
        raise LabelError(reasons.MALFORMED, detail)
    events = [(*_ends(span), caption) for span, caption in zip(spans, captions, strict=True)]
    return take_video(new_video(video, account.name, account.length(video, length)), events)


def _ends(span: Any) -> tuple[Any, Any]:
    """Start and end; what is no pair becomes two missing times, so that only this event is dropped."""
    return (span[0], span[1]) if isinstance(span, list) and len(span) == 2 else (None, None)
