"""Which turns of a sample are trained on together: all, or windows where they exceed the token budget.

A window is what a stream with the serving window holds at its last turn (`components.protocol.windows`). Each
turn is learnt in exactly one window; the turns of a window before `learn` are context and bear no label.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from components.protocol.windows import first_kept
from components.train.labels import Labels, sum_labels


@dataclass(frozen=True)
class Sizes:
    """Exact tokens of a sample at one offset.

    prefix: the system message. turns: each turn from its header to the end of its answer. asked: those of
    `turns` that are its questions; they are fed again where a window begins later. labels: of each turn's
    answer; () where only lengths matter.
    """

    prefix: int
    turns: tuple[int, ...]
    asked: tuple[int, ...]
    labels: tuple[Labels, ...] = ()

    @cached_property
    def _before(self) -> tuple[list[int], list[int]]:
        """Tokens of turns and of questions before each turn."""
        return list(accumulate(self.turns, initial=0)), list(accumulate(self.asked, initial=0))

    @property
    def total(self) -> int:
        """Tokens of the whole sample."""
        return self.window(0, len(self.turns) - 1)

    def window(self, first: int, last: int) -> int:
        """Tokens of turns first .. last, with the questions asked before them."""
        turns, asked = self._before
        return self.prefix + asked[first] + turns[last + 1] - turns[first]

    def learnt(self, span: "Span") -> Labels:
        """Labels of the turns that `span` learns; IndexError where the sizes are lengths alone."""
        return sum_labels(self.labels[turn] for turn in range(span.learn, span.last + 1))


@dataclass(frozen=True)
class Span:
    """Turns first .. last of a sample in one sequence of `tokens`; those from `learn` on are supervised."""

    first: int
    last: int
    learn: int
    tokens: int


def cut(sizes: Sizes, *, budget: int, width: int, phase: int = 0) -> tuple[list[Span], list[int]]:
    """The sequences of one sample, in order, and the turns that fit none (each alone exceeds the budget).

    A sample within `budget` is one sequence. A longer one is cut into windows of `width` turns that overlap
    by half, so that a turn is learnt with at least width / 2 turns before it, but for the first window. Where
    `width` turns exceed the budget, windows are as wide as it allows, and at most half of one is learnt.

    Args:
        sizes: of the sample.
        budget: tokens of a pack.
        width: turns the serving window keeps.
        phase: how many turns sooner the first window ends, so that the cuts fall elsewhere in each epoch;
            below `stride(width)`.

    """
    count = len(sizes.turns)
    if sizes.total <= budget:
        return [Span(0, count - 1, 0, sizes.total)], []
    spans: list[Span] = []
    skipped: list[int] = []
    learn, goal = 0, width - 1 - phase
    while learn < count:
        span = _widest(sizes, learn, min(goal, count - 1), budget, width)
        if span is None:
            skipped.append(learn)
        else:
            spans.append(span)
        learn = learn + 1 if span is None else span.last + 1
        goal = learn + stride(width) - 1
    return spans, skipped


def stride(width: int) -> int:
    """Turns learnt in each window after the first."""
    return max(1, width - width // 2)


def _widest(sizes: Sizes, learn: int, goal: int, budget: int, width: int) -> Span | None:
    """The window that learns turns `learn` .. `goal` or as many as fit; None if not even the first does."""
    for last in range(goal, learn - 1, -1):
        starts: Sequence[int] = range(first_kept(last, width), last + 1)
        place = bisect_left(starts, True, key=lambda first: sizes.window(first, last) <= budget)
        context = min(width // 2, last - learn + 1)
        if place < len(starts) and (starts[place] <= max(0, learn - context) or last == learn):
            return Span(starts[place], last, learn, sizes.window(starts[place], last))
    return None
