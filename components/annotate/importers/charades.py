"""Charades-STA: lines `<video> <start> <end>##<sentence>` in real seconds, one label a line.

The set holds no lengths: give `Charades_v1_{train,test}.csv` (columns id, length) among the files, or convert
with `--media-root`. TimeChat's JSON of the same set (`{"annotations": [{image_id, caption, timestamp}]}`) is
read too. Videos: `<id>.mp4` below `charades/`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.annotate.importers import checks, grounding
from components.annotate.importers.account import Account, Draft, Imported, Options
from components.annotate.importers.csv_rows import read_csv
from components.annotate.importers.rows import read_lines
from components.core.errors import DataError
from components.core.files import read_json
from components.protocol import reasons
from components.protocol.labels import LabelError

SOURCE, FOLDER = "charades_sta", "charades"


def read(paths: Sequence[Path], options: Options) -> Imported:
    """One label a sentence; see the package."""
    account = Account(SOURCE, options)
    lengths: dict[str, str] = {}
    for path in paths:
        if path.suffix == ".csv":
            lengths |= _read_lengths(path)
    for path in paths:
        if path.suffix == ".json":
            for number, row in enumerate(_annotations(path)):
                account.take(f"{path.name}:{number}", _draft_json, account, row, lengths)
        elif path.suffix != ".csv":
            for number, line in read_lines(path):
                account.take(f"{path.name}:{number}", _draft, account, line, lengths)
    return account.close()


def _read_lengths(path: Path) -> dict[str, str]:
    rows = (row for _, row in read_csv(path, ("id", "length")))
    return {row["id"]: row["length"] for row in rows if not isinstance(row, LabelError)}


def _annotations(path: Path) -> list[Any]:
    rows = read_json(path)
    found = rows.get("annotations") if isinstance(rows, Mapping) else None
    if not isinstance(found, list):
        raise DataError(f"{path}: expected an object with a list `annotations`")
    return found


def _draft(account: Account, line: str, lengths: Mapping[str, str]) -> Draft:
    head, mark, sentence = line.partition("##")
    parts = head.split()
    if not mark or len(parts) != 3:
        raise LabelError(reasons.MALFORMED, f"expected `video start end##sentence`, found {line!r:.80}")
    name, start, end = parts
    return _query(account, name, sentence, (start, end), lengths)


def _draft_json(account: Account, row: Any, lengths: Mapping[str, str]) -> Draft:
    span = checks.pair(checks.field(row, "timestamp"))
    return _query(account, checks.field(row, "image_id"), checks.field(row, "caption"), span, lengths)


def _query(
    account: Account, name: Any, said: Any, span: tuple[Any, Any], lengths: Mapping[str, str]
) -> Draft:
    video = checks.path(FOLDER, name)
    told = lengths.get(str(name).removesuffix(".mp4"))
    length = None if told is None else checks.duration(told)
    return grounding.query(video, SOURCE, said, [span], account.length(video, length))
