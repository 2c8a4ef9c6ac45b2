"""QVHighlights: JSON lines of queries with their windows, one label a query.

Form: `{qid, query, vid, duration, relevant_windows: [[start, end]]}` (jayleicn/moment_detr). Each window is a
span of the answer; saliency scores are not used. Videos: `<vid>.mp4` below `qvhighlights/`.
"""

from collections.abc import Sequence
from pathlib import Path

from components.annotate.importers import checks, grounding
from components.annotate.importers.account import Account, Draft, Imported, Options
from components.annotate.importers.rows import parse_line, read_lines

SOURCE = FOLDER = "qvhighlights"


def read(paths: Sequence[Path], options: Options) -> Imported:
    """One label a query; see the package."""
    account = Account(SOURCE, options)
    for path in paths:
        for number, line in read_lines(path):
            account.take(f"{path.name}:{number}", _draft, account, line)
    return account.close()


def _draft(account: Account, line: str) -> Draft:
    row = parse_line(line)
    video, length = (
        checks.path(FOLDER, checks.field(row, "vid")),
        checks.duration(checks.field(row, "duration")),
    )
    spans = [checks.pair(window) for window in checks.items(row, "relevant_windows")]
    said = checks.field(row, "query")
    return grounding.query(video, SOURCE, said, spans, account.length(video, length))
