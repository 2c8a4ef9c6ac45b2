"""Offline questions as token sequences in the layout streams will have, without states.

An answer begins with a blank, as the text after `</Response>` does, so that what is learnt carries over.
"""

from collections.abc import Sequence

import torch

from components.base.labels import Asked
from components.model.adapter import Adapter
from components.model.encode import IGNORE, Tokens
from components.model.layout import concat, trusted_ids
from components.model.positions import Grid


class Builder:
    """Collects token ids, labels and grids in order."""

    def __init__(self, adapter: Adapter):
        self.adapter = adapter
        self.ids: list[int] = []
        self.labels: list[int] = []
        self.grids: list[Grid] = []

    def told(self, ids: Sequence[int]) -> None:
        """Tokens the model is given."""
        self.ids += ids
        self.labels += [IGNORE] * len(ids)

    def answer(self, text: str) -> None:
        """An assistant message; its text and end are supervised."""
        layout = self.adapter.layout
        self.told(layout.assistant_head)
        said = [*self.adapter.text_ids(f" {text}"), layout.end]
        self.ids += said
        self.labels += said
        self.told(layout.tail[1:])

    def turn(self, questions: Sequence[str], turn: int, grid: Grid, offset: int) -> None:
        """A user message as a stream has it: questions, time tag, frame."""
        self.told(self.adapter.user_ids(questions, turn, self.adapter.n_visual([grid]), offset=offset))
        self.grids.append(grid)

    def after(self, grid: Grid | None, question: str) -> None:
        """A user message with the question behind the frame, or without a frame."""
        layout, adapter = self.adapter.layout, self.adapter
        image = concat([layout.image(count) for count in adapter.n_visual([grid] if grid else [])])
        gap = trusted_ids(adapter.tokenizer, "\n") if grid and not layout.image_gap else []
        self.told([*layout.user_head, *image, *gap, *adapter.text_ids(f"{question}\n"), *layout.tail])
        self.grids += [grid] if grid else []

    def build(self) -> Tokens:
        """The finished sequence."""
        positions, _ = self.adapter.positions(self.ids, self.grids)
        return Tokens(torch.tensor(self.ids), torch.tensor(self.labels), positions)


def frame_sequence(adapter: Adapter, asked: Asked, grid: Grid, *, before: bool, offset: int) -> Tokens:
    """One frame with one question before it (with a time tag, as in a stream) or after it."""
    builder = Builder(adapter)
    if before:
        builder.turn([asked.question], asked.turn, grid, offset)
    else:
        builder.after(grid, asked.question)
    builder.answer(asked.answer)
    return builder.build()


def clip_sequence(
    adapter: Adapter, asked: Sequence[Asked], grids: Sequence[Grid], *, offset: int, last_after: bool
) -> Tokens:
    """A whole clip, one user message a turn; a turn's first question stands before its frame, others follow.

    With `last_after` the questions of the last turn all follow its frame: the offline form.
    """
    builder = Builder(adapter)
    builder.told(adapter.prefix_ids())
    for turn, grid in enumerate(grids):
        here = [entry for entry in asked if entry.turn == turn]
        first = [] if last_after and turn == len(grids) - 1 else here[:1]
        builder.turn([entry.question for entry in first], turn, grid, offset)
        for entry in first:
            builder.answer(entry.answer)
        for entry in here[len(first) :]:
            builder.after(None, entry.question)
            builder.answer(entry.answer)
    return builder.build()
