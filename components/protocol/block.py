"""A block of labels: what is sent to a converting process, and what it answers."""

from dataclasses import dataclass

import pyarrow as pa

from components.protocol.batch import Tally, VideoLength, place_all
from components.protocol.columnar import turn_columns
from components.protocol.columns import event_table
from components.protocol.labels import LabelError
from components.protocol.rawfiles import Part

Length = VideoLength | tuple[str, str]  # or the reason and detail of a LabelError


@dataclass(frozen=True, slots=True)
class Block:
    """Labels in order of their ids with the lengths of their videos.

    `before` is the id of the label before the first one (None at the start): equal ids stand side by side, so
    it is all a block must know of the others to tell a duplicate.
    """

    part: Part
    lengths: dict[str, Length]
    before: str | None
    rules: str
    fps: float

    def length_of(self, video: str) -> VideoLength:
        """The length of a video of the block; LabelError as its lookup raised it."""
        known = self.lengths[video]
        if isinstance(known, VideoLength):
            return known
        raise LabelError(*known)


@dataclass(frozen=True, slots=True)
class Done:
    """A converted block: its rows of both tables, and what became of its labels."""

    turns: pa.Table
    events: pa.Table
    tally: Tally


def convert_block(block: Block) -> Done:
    """Convert the labels of a block."""
    tally = Tally()
    seen = set() if block.before is None else {block.before}
    placed = place_all(block.part.labels(), block.length_of, rules=block.rules, fps=block.fps, seen=seen)
    usable = list(tally.watch(placed))
    return Done(turn_columns(usable), event_table([sample.head for sample in usable]), tally)
