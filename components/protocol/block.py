"""A block of labels: what is sent to a converting process, and what it answers."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from components.protocol.batch import Tally, VideoLength, place_all
from components.protocol.columnar import Array, Samples, event_columns, merged, of_placed, turn_columns
from components.protocol.columned import Columned, of_labels, of_table
from components.protocol.convert import num_turns
from components.protocol.counts import Counts
from components.protocol.labels import LabelError
from components.protocol.plain import Heads, convert_plain
from components.protocol.rawfiles import ColumnPart, JsonPart, Part, is_typed
from components.protocol.states import STATES
from components.protocol.times import MICRO

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
    """Convert the labels of a block: the plain ones by column, the rest one by one."""
    part, tally = block.part, Tally()
    labels = part.labels() if isinstance(part, JsonPart) else None
    columned = _columned(part, labels) if block.rules == "corrected" else None
    if columned is None:
        at, samples = np.empty(0, dtype=np.int64), of_placed([])
    else:
        rows, samples, counts = _by_column(block, columned)
        at = columned.at[rows]
        _count(tally, samples, counts)
    rest = np.delete(np.arange(len(part.ids)), at)
    if len(rest):
        seen = {*samples.ids, *([] if block.before is None else [block.before])}
        left = part.some(rest.tolist()).labels() if labels is None else [labels[row] for row in rest]
        placed = place_all(left, block.length_of, rules=block.rules, fps=block.fps, seen=seen)
        one_by_one, kept = Tally(), []
        for sample in one_by_one.watch(placed):
            kept.append((rest[one_by_one.samples_in - 1], sample))
        others = of_placed([sample for _, sample in kept])
        samples = merged(samples, at, others, np.array([row for row, _ in kept], dtype=np.int64))
        tally.add(one_by_one)
    return Done(turn_columns(samples), event_columns(samples), tally)


def _columned(part: Part, labels: list[dict[str, Any]] | None) -> Columned | None:
    """The labels of a part that have the types of LABEL_SCHEMA."""
    if labels is not None:
        return of_labels(labels)
    assert isinstance(part, ColumnPart)
    return of_table(part.table, part.videos()) if is_typed(part.table) else None


def _by_column(block: Block, columned: Columned) -> tuple[Array, Samples, Counts]:
    ids, at = block.part.ids, columned.at
    lengths = [_length(block, video) for video in columned.videos]
    durations = [seconds for seconds, _ in lengths]
    again = np.array([first == second for first, second in zip([block.before, *ids], ids, strict=False)])
    turns = np.array([turns for _, turns in lengths], dtype=np.int64)
    heads = Heads(
        ids=[ids[row] for row in at],
        videos=columned.videos,
        tasks=columned.tasks,
        sources=columned.sources,
        turns=np.where(columned.listed & ~again[at], turns, 0),
        durations=np.array(durations),
        limits=np.array([round(seconds, MICRO) for seconds in durations]),
    )
    return convert_plain(heads, columned.questions, columned.responses)


def _length(block: Block, video: str) -> tuple[float, int]:
    """Seconds and turns of a video; no turns where it is unknown or they do not fit."""
    known = block.lengths.get(video)
    if not isinstance(known, VideoLength):
        return 0.0, 0
    turns = num_turns(known.duration_s)
    return known.duration_s, turns if known.turns in (None, turns) else 0


def _count(tally: Tally, samples: Samples, counts: Counts) -> None:
    """What became of plain labels: all of them are placed whole."""
    tally.samples_in += len(samples.ids)
    tally.counts.add(counts)
    tally.samples.update(samples.tasks)
    of_turn = np.repeat(np.unique(samples.tasks, return_inverse=True)[1], samples.lengths)
    turns = np.bincount(of_turn * len(STATES) + samples.states, minlength=len(STATES) * len(tally.samples))
    for number, task in enumerate(sorted(tally.samples)):
        by_code = turns[len(STATES) * number : len(STATES) * (number + 1)].tolist()
        tally.states[task] = Counter(dict(zip(STATES, by_code, strict=True)))
