"""YouCook2: captions of the steps of a recipe, in either of its two forms.

The official one is `{"database": {video: {duration, annotations: [{segment: [start, end], sentence}]}}}`
(youcookii_annotations_trainval.json), that of PDVC is the one of ActivityNet Captions. Videos below
`youcook2/`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.annotate.importers import captions, checks
from components.annotate.importers.account import Account, Draft, Imported, Options
from components.annotate.importers.rows import read_named

SOURCE = FOLDER = "youcook2"


def read(paths: Sequence[Path], options: Options) -> Imported:
    """One label a video; see the package."""
    account = Account(SOURCE, options)
    for path in paths:
        rows, _ = read_named(path)
        if isinstance(rows.get("database"), dict):
            _take_official(account, path, rows["database"])
        else:
            captions.take_file(account, path, FOLDER)
    return account.close()


def _take_official(account: Account, path: Path, database: dict[str, Any]) -> None:
    for name, row in database.items():
        account.take(f"{path.name}:{name}", _draft, account, name, row)


def _draft(account: Account, name: str, row: Any) -> Draft:
    video, length = checks.path(FOLDER, name), checks.duration(checks.field(row, "duration"))
    events = [_event(step) for step in checks.items(row, "annotations")]
    return captions.take_video(captions.new_video(video, SOURCE, account.length(video, length)), events)


def _event(step: Any) -> captions.Event:
    span = checks.field(step, "segment")
    start, end = span if isinstance(span, list) and len(span) == 2 else (None, None)
    return start, end, checks.field(step, "sentence")
