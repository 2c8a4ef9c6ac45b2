"""What a batch of streams is asked, and what came of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from components.core.errors import InternalError
from components.model.positions import Grid
from components.protocol.turns import Turn


@dataclass(frozen=True)
class Plan:
    """One stream to watch.

    Attributes:
        video: whose frames are shown.
        asks: `(turn, question)`, several on one turn in order.
        turns: how many turns are watched; no later frame is ever read.
        until_s: no frame after this instant is shown (a benchmark's query time; rule of time 6).
        force: also answer on the last turn if the model does not (kept apart from the stream).

    """

    video: str
    asks: tuple[tuple[int, str], ...]
    turns: int
    until_s: float
    force: bool = False

    def __post_init__(self) -> None:
        if self.turns < 1 or self.turns - 1 > self.until_s:
            raise InternalError(
                f"{self.video}: {self.turns} turns and nothing after {self.until_s} s do not fit"
            )

    def questions(self, turn: int) -> tuple[str, ...]:
        """What is asked on a turn."""
        return tuple(text for asked, text in self.asks if asked == turn)

    @property
    def shown(self) -> tuple[tuple[int, str], ...]:
        """The questions that fall on a turn that is watched."""
        return tuple(ask for ask in self.asks if ask[0] < self.turns)

    @property
    def first_ask(self) -> int:
        """The turn of the first question; the number of turns where none is asked."""
        return min((turn for turn, _ in self.shown), default=self.turns)


@dataclass
class Watched:
    """The turns of one stream, and the answer forced on its last turn (None unless the plan asks for it)."""

    turns: list[Turn] = field(default_factory=list)
    forced: str | None = None


class Frames(Protocol):
    """Vision-tower rows of videos, turn by turn."""

    def rows(self, video: str, turn: int, until_s: float) -> tuple[Tensor, Sequence[Grid]]:
        """Rows (N, F) and grids of the frames of one turn that are not later than `until_s`."""
        ...
