"""One number of a version's report, and the JSON files of products that it is told by."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from components.audit.locked import Locked
from components.audit.recount import differs
from components.core.errors import DataError

EVALUATION = "artifacts/evaluation/"


@dataclass(frozen=True)
class Number:
    """One number of the report, or a group of them.

    Attributes:
        what: what it is, with the model and suite.
        verified: True, False (it differs) or None (it cannot be told from what is stored).
        why: how it was verified, what differs, or why it cannot be told.

    """

    what: str
    verified: bool | None
    why: str


class Reader:
    """JSON files of products, read once; None where no place holds the right bytes."""

    def __init__(self, locked: Locked):
        self.locked = locked
        self._known: dict[str, Any] = {}

    def json(self, path: str) -> Any:
        """The parsed file."""
        if path not in self._known:
            data = self.locked.read(path)
            self._known[path] = None if data is None else parsed(data, path)
        return self._known[path]


def parsed(data: bytes, path: str) -> Any:
    """The JSON in a product; DataError if the pinned bytes themselves are none."""
    try:
        return json.loads(data)
    except ValueError as error:
        raise DataError(f"{path}: its pinned bytes are not JSON ({error})") from None


def readable(what: str, numbers: Iterator[Number]) -> list[Number]:
    """The numbers of one product; one of another layout (an older version's) is said, not guessed at."""
    found = []
    try:
        for number in numbers:
            found.append(number)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        why = f"not the layout that this code reads ({type(error).__name__}: {error})"
        found.append(Number(f"{what}: the rest", None, why))
    return found


def compared(what: str, counted: Any, stored: Any, how: str) -> Number:
    """A number that was counted against the one that is stored."""
    found = differs(counted, stored)
    return Number(what, not found, "; ".join(found[:3]) if found else how)
