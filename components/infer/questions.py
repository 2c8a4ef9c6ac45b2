"""Questions waiting for their turn (rule of time 1: asked at q seconds, shown on turn ceil(q))."""

import math
from dataclasses import dataclass, field

from components.core.errors import UsageError


def turn_of(at_s: float) -> int:
    """The first turn that begins at or after `at_s` seconds."""
    return math.ceil(at_s)


@dataclass
class Waiting:
    """Questions that were asked and not yet shown; several on one turn keep the order of (time, asking)."""

    _items: list[tuple[float, int, str]] = field(default_factory=list)
    _asked: int = 0

    def ask(self, text: str, at_s: float | None, next_turn: int) -> int:
        """Queue a question and return its turn.

        Args:
            text: the question; anything a user may type.
            at_s: seconds from the first frame; None means on the next turn.
            next_turn: the turn that is pushed next.

        Raises:
            UsageError: no text, a time that is not a number from 0 on, or a turn that is over.

        """
        if not text.strip():
            raise UsageError("a question needs text")
        time_s = float(next_turn) if at_s is None else float(at_s)
        if not math.isfinite(time_s) or time_s < 0:
            raise UsageError(f"question {text!r}: expected seconds from 0 on, got {at_s!r}")
        turn = turn_of(time_s)
        if turn < next_turn:
            raise UsageError(f"question {text!r}: turn {turn} is over, the next is {next_turn}")
        self._items.append((time_s, self._asked, text))
        self._asked += 1
        return turn

    def take(self, turn: int) -> tuple[str, ...]:
        """Remove and return the questions of `turn`, in order."""
        due = sorted(item for item in self._items if turn_of(item[0]) <= turn)
        self._items = [item for item in self._items if turn_of(item[0]) > turn]
        return tuple(text for _, _, text in due)

    def left(self) -> list[tuple[float, str]]:
        """`(seconds, text)` of questions no turn has shown yet."""
        return [(time_s, text) for time_s, _, text in sorted(self._items)]

    def copy(self) -> "Waiting":
        """An independent queue with the same questions."""
        return Waiting(list(self._items), self._asked)
