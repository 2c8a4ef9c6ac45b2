"""Rows of a CSV file with a header: quoted cells may hold line breaks, a bad row does not end the file."""

import csv
import io
from collections.abc import Collection, Iterator
from pathlib import Path

from components.annotate.importers.rows import read_text
from components.core.errors import DataError
from components.protocol import reasons
from components.protocol.labels import LabelError

Row = dict[str, str]


def read_csv(
    path: Path, required: Collection[str], known: Collection[str] | None = None
) -> Iterator[tuple[int, Row | LabelError]]:
    """First line and values by column of each row; a LabelError (`malformed`) in place of a row that is none.

    Args:
        path: a UTF-8 file; only CR and LF end a line, as in RFC 4180.
        required: columns the header must have.
        known: columns it may have; None: any.

    Raises:
        DataError: no such file, a header without a required column, with an unknown one or with one twice, or
            a quotation mark that is never closed: the rows after it would be swallowed.

    """
    table = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    header = _header(path, table, required, known)
    while True:
        first = table.line_num + 1
        try:
            values = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end" in str(error):
                detail = "a quotation mark is opened in this row and never closed"
                raise DataError(f"{path}: line {first}: {detail}") from None
            yield first, LabelError(reasons.MALFORMED, f"not a row of CSV: {error}")
            continue
        if len(values) == len(header):
            yield first, dict(zip(header, values, strict=True))
        elif values:
            detail = f"expected {len(header)} columns, found {len(values)}; quote cells that hold commas"
            yield first, LabelError(reasons.MALFORMED, detail)


def _header(
    path: Path, table: Iterator[list[str]], required: Collection[str], known: Collection[str] | None
) -> list[str]:
    try:
        header = next(table, [])
    except csv.Error as error:
        raise DataError(f"{path}: the header is not a row of CSV ({error})") from None
    if missing := [name for name in required if name not in header]:
        raise DataError(f"{path}: the header lacks {', '.join(missing)}")
    check_columns(path, header, known)
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise DataError(f"{path}: column {twice[0]!r} stands twice in the header; remove one")
    return header


def check_columns(path: Path, names: Collection[str], known: Collection[str] | None) -> None:
    """DataError naming the first column that is not known: a misspelt one must not be ignored."""
    unknown = sorted(str(name) for name in names if known is not None and name not in known)
    if unknown:
        raise DataError(f"{path}: unknown column {unknown[0]!r}; known are {', '.join(known or ())}")
