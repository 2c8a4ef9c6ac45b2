"""What a stream of limited memory holds: the one rule that serving and training share.

A stream keeps the system message, the questions asked so far and its last `width` turns with their own time
tags. Questions whose turns have left stand first on the first turn kept, in the order they were asked
(reference.md, Inference). So the kept tokens are those of a shorter dialogue, and a model can be trained on
exactly what it will see.
"""

from collections.abc import Sequence
from dataclasses import replace

from components.protocol.turns import Turn


def first_kept(last: int, width: int) -> int:
    """The first turn still held when a stream that keeps `width` turns decides on turn `last`."""
    return max(0, last - width + 1)


def window(turns: Sequence[Turn], last: int, width: int) -> list[Turn]:
    """The turns such a stream holds on turn `last`, that turn among them.

    Args:
        turns: the whole stream, numbered from 0.
        last: the turn that is decided; later turns are not looked at.
        width: turns kept, at least 1.

    """
    first = first_kept(last, width)
    standing = [question for turn in turns[:first] for question in turn.questions]
    head = replace(turns[first], questions=(*standing, *turns[first].questions))
    return [head, *turns[first + 1 : last + 1]]
