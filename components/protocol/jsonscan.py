"""Where each value of a JSON list or of JSON lines stands in its file, read in bounded memory."""

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn

from components.core.errors import DataError

CHUNK = 1 << 20
LARGEST = 64 << 20  # characters of one label; a broken file is not read to its end in search of one
AHEAD = 64  # a number cut by the end of a chunk parses, too: look this far past a value before taking it
_BLANK = re.compile(r"[ \t\n\r]*")


class Span(NamedTuple):
    """A value and its bytes in the file."""

    start: int
    size: int
    value: Any


def scan(path: Path, *, lists_only: bool = False) -> Iterator[Span]:
    """The items of a JSON list, the lines of a `.jsonl` file, or a JSON file's only value.

    Args:
        path: the file; it is never in memory as a whole, unless it is one value.
        lists_only: refuse a JSON file that is no list.

    Raises:
        DataError: no such file, not valid JSON (with the place), or no list where one is asked for.

    """
    try:
        file = Path(path).open("rb")  # noqa: SIM115 - closed below; a missing file has its own message
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    with file:
        yield from _lines(path, file) if path.suffix == ".jsonl" else _Items(path, file).spans(lists_only)


def _lines(path: Path, file: BinaryIO) -> Iterator[Span]:
    start = 0
    for number, line in enumerate(file, start=1):
        if line.strip():
            try:
                yield Span(start, len(line), json.loads(line))
            except (ValueError, RecursionError) as error:
                raise DataError(f"{path}: line {number} is not valid JSON ({error})") from None
        start += len(line)


class _Items:
    """A window of text that moves over a JSON file."""

    def __init__(self, path: Path, file: BinaryIO):
        self.path, self.file = path, file
        self.decode = json.JSONDecoder().raw_decode
        self.utf8 = codecs.getincrementaldecoder("utf-8")()
        self.text, self.place = "", 0  # the window, and the position in it
        self.byte = 0  # of `place` in the file
        if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:  # some editors begin with this mark
            self.byte = len(codecs.BOM_UTF8)
        file.seek(self.byte)
        self.ended = False
        self.items = 0

    def spans(self, lists_only: bool) -> Iterator[Span]:
        self.skip_blanks()
        if self.text[self.place : self.place + 1] != "[":
            span = self.value()
            if lists_only:
                raise DataError(f"{self.path}: expected a JSON list")
            yield span
        else:
            yield from self.listed()
        self.skip_blanks()
        if self.place < len(self.text):
            self.fail("text after the end")

    def listed(self) -> Iterator[Span]:
        self.move(self.place + 1)
        self.skip_blanks()
        if self.text[self.place : self.place + 1] == "]":
            return self.move(self.place + 1)
        while True:
            yield self.value()
            self.items += 1
            self.skip_blanks()
            sign = self.text[self.place : self.place + 1]
            if sign not in (",", "]"):
                self.fail("expected ',' or ']'")
            self.move(self.place + 1)
            if sign == "]":
                return None
            self.skip_blanks()

    def value(self) -> Span:
        """The value that begins here; reads on until it is whole."""
        while True:
            try:
                value, end = self.decode(self.text, self.place)
            except (ValueError, RecursionError) as error:
                if self.ended or isinstance(error, RecursionError) or len(self.text) > LARGEST:
                    self.fail(getattr(error, "msg", str(error)))
            else:
                if self.ended or end + AHEAD <= len(self.text):
                    start = self.byte
                    self.move(end)
                    return Span(start, self.byte - start, value)
            self.read(max(CHUNK, len(self.text)))  # twice as much each time: a long value is not quadratic

    def skip_blanks(self) -> None:
        """Move to the next sign, or to the end of the file."""
        while True:
            match = _BLANK.match(self.text, self.place)
            self.move(match.end() if match else self.place)
            if self.place < len(self.text) or self.ended:
                return
            self.read(CHUNK)

    def move(self, place: int) -> None:
        """Go on to `place` in the window, counting the bytes passed."""
        passed = self.text[self.place : place]
        self.byte += len(passed) if passed.isascii() else len(passed.encode("utf-8", "surrogatepass"))
        self.place = place

    def read(self, size: int) -> None:
        """Drop what is behind the position and read `size` more bytes."""
        chunk = self.file.read(size)
        self.ended = not chunk
        try:
            more = self.utf8.decode(chunk, final=self.ended)
        except UnicodeDecodeError as error:
            self.fail(str(error))
        self.text, self.place = self.text[self.place :] + more, 0

    def fail(self, why: str) -> NoReturn:
        raise DataError(f"{self.path}: not valid JSON ({why}, after {self.items} items, byte {self.byte})")
