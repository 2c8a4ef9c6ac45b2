"""Streamo-Instruct as released: raw labels whose seconds count from 1; one label a row.

Form: the README of maifoundations/Streamo (Raw Data Format); times go through `components.protocol.importer`
(rule 5). A row whose question cannot be used is rejected; a response that cannot be used is dropped and the
rest stays. The released tasks have names of their own: TASKS. Where a label's video lies is in FOLDERS, by
its `source`: the folders are ours (the same videos as the public sets' own importers), the names are the
label's. Videos of LLaVA-Video keep the whole path of the label.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from components.annotate.importers import checks
from components.annotate.importers.account import Account, Draft, Imported, Options
from components.annotate.importers.rows import read_numbered
from components.protocol import reasons
from components.protocol.importer import from_released
from components.protocol.labels import LabelError

UNKNOWN_TASK = "unknown_task"
OTHER_FOLDER = "other_folder"  # a note

# Letters of the name in lower case -> ours. The public example says "QA"; the others are the paper's names.
TASKS = {
    "narration": "narration",
    "realtimenarration": "narration",
    "eventcaption": "event_caption",
    "eventcaptioning": "event_caption",
    "actioncaption": "action_caption",
    "actioncaptioning": "action_caption",
    "eventgrounding": "event_grounding",
    "grounding": "event_grounding",
    "tsqa": "tsqa",
    "timesensitiveqa": "tsqa",
    "qa": "offline_qa",
    "offlineqa": "offline_qa",
}

# Letters and digits of `source` in lower case -> folder below the media root; None: the label's own path.
FOLDERS: dict[str, str | None] = {
    "activitynet": "activitynet",
    "coin": "coin",
    "didemo": "didemo",
    "egotimeqa": "ego_timeqa",
    "hacs": "hacs",
    "howtocaption": "how_to_caption",
    "howtostep": "how_to_step",
    "koala": "koala",
    "llavavideo": None,
    "queryd": "queryd",
    "qvhighlight": "qvhighlights",
    "qvhighlights": "qvhighlights",
    "tacos": "tacos",
    "youcook": "youcook2",
    "youcook2": "youcook2",
    "youcookv2": "youcook2",
}


def read(paths: Sequence[Path], options: Options) -> Imported:
    """One label a row; see the package."""
    account, folders = Account("streamo", options), dict[str, str]()
    for path in paths:
        for number, row in read_numbered(path, single=True):
            account.take(f"{path.name}:{number}", _draft, row, folders)
    return account.close()


def video_path(row: Mapping[str, Any]) -> str:
    """Where the video of a released label lies below the media root.

    Raises:
        LabelError: `malformed`: the label names no video; `unsafe_path`: it would lead out of the root.

    """
    named = row.get("video_path") or row.get("video_name")
    folder = FOLDERS.get(_key(row.get("source")))
    if folder is None or not isinstance(named, str):
        return checks.path("", named)
    return checks.path(folder, PurePosixPath(named).name)


def _folder(row: Mapping[str, Any]) -> str:
    return str(PurePosixPath(str(row.get("video_path") or "")).parent)


def _key(value: Any) -> str:
    return "".join(letter for letter in str(value or "").lower() if letter.isalnum())


def _draft(row: Any, folders: dict[str, str]) -> Draft:
    """The label of a row; `folders` is where the label that was first with a video has it."""
    released = checks.field(row, "task_type")
    task = TASKS.get(_key(released))
    if task is None:
        raise LabelError(UNKNOWN_TASK, f"task_type {released!r:.60}; known: {', '.join(sorted(TASKS))}")
    label = from_released(row)
    source = f"streamo/{row.get('source') or 'unknown'}"
    questions = [_question(item) for item in checks.items(label, "question")]
    if not questions:
        raise LabelError(reasons.NO_QUESTION, "the label asks nothing")
    video = video_path(row)
    draft = Draft(video, task, source, questions, [], task)
    if folders.setdefault(video, _folder(row)) != _folder(row):
        draft.notes.append(OTHER_FOLDER)  # two files of one name would become one
    for number, item in enumerate(checks.items(label, "response")):
        try:
            _respond(draft, item)
        except LabelError as error:
            draft.dropped.append((str(number), error.reason, error.detail))
    return draft


def _question(item: Any) -> tuple[str | None, str, float]:
    return None, checks.text(checks.field(item, "content")), checks.seconds(checks.field(item, "time"))


def _respond(draft: Draft, item: Any) -> None:
    said = checks.text(checks.field(item, "content"))
    if any(item.get(key) not in (None, "") for key in ("st_time", "end_time")):
        start, end = checks.seconds(item.get("st_time")), checks.seconds(item.get("end_time"))
        if end < start:
            raise LabelError(reasons.ENDS_BEFORE_START, f"starts at {start} s and ends at {end} s")
        draft.span(said, start, end)
    else:
        draft.instant(said, checks.seconds(item.get("time")))
