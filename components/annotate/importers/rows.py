"""Reading the files of a set: whole JSON values, JSON lines, objects whose names may stand twice."""

import json
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import dumps
from components.protocol import reasons
from components.protocol.jsonscan import scan
from components.protocol.labels import LabelError
from components.protocol.whole import whole_file


def read_numbered(path: Path, *, single: bool = False) -> Iterator[tuple[int, Any]]:
    """Position and value of each item of a JSON list (or line of a `.jsonl`); one is in memory at a time.

    Args:
        path: the file.
        single: an object in place of the list is one row.

    Raises:
        DataError: no such file, not valid JSON, or another form.

    """
    one = single and _begins_with(path, b"{")
    yield from enumerate(span.value for span in scan(path, lists_only=not one))


def _begins_with(path: Path, sign: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4096).removeprefix(BOM_UTF8).lstrip().startswith(sign)
    except OSError:
        return False  # `scan` says what is wrong


def read_text(path: Path) -> str:
    """The text of a UTF-8 file; DataError if there is none or it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text ({error}); unpack or convert the file first") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number from 1 and text of each line that is not blank."""
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if line.strip():
            yield number, line


def parse_line(line: str) -> Any:
    """The JSON value of one line; `malformed` if it is none."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LabelError(reasons.MALFORMED, f"not JSON: {error}") from None


def read_named(path: Path) -> tuple[dict[str, Any], Counter[str]]:
    """A JSON object {name: row}, and how often each name stands again: JSON keeps the last, silently.

    Raises:
        DataError: the file is missing, no JSON or no object.

    """
    again: Counter[str] = Counter()

    def gather(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        row = dict(pairs)
        if len(row) < len(pairs):
            again.update({name: n - 1 for name, n in Counter(name for name, _ in pairs).items() if n > 1})
        return row

    try:
        rows = json.loads(read_text(path), object_pairs_hook=gather)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON ({error})") from None
    if not isinstance(rows, dict):
        raise DataError(f"{path}: expected a JSON object of rows by name, found {type(rows).__name__}")
    return rows, again


def write_rows(path: Path, rows: Iterable[Any]) -> None:
    """A JSON list with one row a line, written row by row; the file appears whole or not at all."""
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8") as out:
        between = "[\n"
        for row in rows:
            out.write(between + dumps(row, indent=None).rstrip("\n"))
            between = ",\n"
        out.write("[\n\n]\n" if between == "[\n" else "\n]\n")
