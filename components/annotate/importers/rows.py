"""Reading the files of a set: whole JSON values, JSON lines, objects whose names may stand twice."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import dumps, read_json, write_text
from components.protocol import reasons
from components.protocol.labels import LabelError


def read_list(path: Path, *, single: bool = False) -> list[Any]:
    """A JSON list, with `single` also one object in place of it; DataError for anything else."""
    rows = read_json(path)
    if single and isinstance(rows, dict):
        return [rows]
    if not isinstance(rows, list):
        raise DataError(f"{path}: expected a JSON list of rows, found {type(rows).__name__}")
    return rows


def read_numbered(path: Path, *, single: bool = False) -> Iterator[tuple[int, Any]]:
    """Position and row as `read_list` has them; a row given out is let go: none is held in two forms."""
    rows = read_list(path, single=single)
    for number in range(len(rows)):
        row, rows[number] = rows[number], None
        yield number, row


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


def write_rows(path: Path, rows: Sequence[Any]) -> None:
    """A JSON list with one row a line; indenting it would hold a string for every word of it in memory."""
    lines = ",\n".join(dumps(row, indent=None).rstrip("\n") for row in rows)
    write_text(path, f"[\n{lines}\n]\n")
