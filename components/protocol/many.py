"""Many raw labels -> turn table and event table, block by block, on every core where that pays."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from queue import SimpleQueue

from components.core.errors import DataError
from components.core.progress import Progress
from components.protocol.batch import LengthOf, Tally
from components.protocol.block import Block, Done, Length, convert_block
from components.protocol.columns import EVENT_SCHEMA, TURN_SCHEMA
from components.protocol.labels import LabelError
from components.protocol.rawfiles import BLOCK, RawLabels
from components.protocol.tables import GroupWriter
from components.protocol.workers import Worker

MANY = 20_000  # labels; below it a second process takes longer to start than it saves
AHEAD = 3  # blocks a worker that are asked for before the first of them is written


def write_tables(
    turns: Path,
    raw: RawLabels,
    order: Sequence[int],
    length_of: LengthOf,
    tally: Tally,
    *,
    events: Path | None = None,
    rules: str = "corrected",
    fps: float = 1.0,
    workers: int | None = None,
) -> None:
    """Convert the labels at `order` and write their tables; the bytes do not depend on `workers`.

    Args:
        turns: the turn table; a row group holds the samples of BLOCK labels.
        raw: the labels.
        order: positions in it, sorted by id: `read_samples` refuses other tables.
        length_of: how long a video is.
        tally: what becomes of the labels is added to it, also where this raises.
        events: the event table, or None.
        rules: `corrected` or `released`.
        fps: frames a second; matters to released rules only.
        workers: processes beside this one, 0 for none; None: one a core from MANY labels on, unless they go
            by column, which is done sooner than they are sent.

    Raises:
        DataError: not one label could be used; then no file appears.
        InternalError: a worker died.

    """
    if workers is None:
        by_column = raw.typed and rules == "corrected"
        workers = 0 if by_column or len(order) < MANY else len(os.sched_getaffinity(0))
    progress = Progress("convert: labels", len(order), silent=len(order) < MANY)
    with ExitStack() as stack:
        out = GroupWriter(stack, turns, TURN_SCHEMA)
        told = None if events is None else GroupWriter(stack, events, EVENT_SCHEMA)
        # The writer compresses on another core while the next block is converted.
        pool = stack.enter_context(ThreadPoolExecutor(1))
        written: Future[None] | None = None
        for done in _convert(_blocks(raw, order, length_of, rules, fps), workers):
            if written is not None:
                written.result()
            written = pool.submit(_write, done, out, told)
            tally.add(done.tally)
            progress.step(done.tally.samples_in)
        if written is not None:
            written.result()
        if not tally.samples:
            first = tally.rows()[:3]
            raise DataError(f"none of {tally.samples_in} labels could be used; first reasons: {first}")


def _write(done: Done, turns: GroupWriter, events: GroupWriter | None) -> None:
    turns.write(done.turns)
    if events is not None:
        events.write(done.events)


def _blocks(
    raw: RawLabels, order: Sequence[int], length_of: LengthOf, rules: str, fps: float
) -> Iterator[Block]:
    """The work in pieces; lengths are looked up here, where the table of videos is."""
    for first in range(0, len(order), BLOCK):
        rows = order[first : first + BLOCK]
        lengths: dict[str, Length] = {}
        for video in {raw.videos[row] for row in rows if raw.videos[row]}:
            try:
                lengths[video] = length_of(video)
            except LabelError as error:
                lengths[video] = (error.reason, error.detail)
        before = raw.ids[order[first - 1]] if first else None
        yield Block(raw.part(rows), lengths, before, rules, fps)


def _convert(blocks: Iterator[Block], workers: int) -> Iterator[Done]:
    """The blocks converted, in order; few of them are in memory at a time."""
    if not workers:
        yield from map(convert_block, blocks)
        return
    free: SimpleQueue[Worker] = SimpleQueue()

    def ask(block: Block) -> Done:
        worker = free.get()
        try:
            return worker.ask(block)
        finally:
            free.put(worker)

    with ExitStack() as stack:
        for _ in range(workers):
            free.put(stack.enter_context(closing(Worker())))
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        waiting: deque[Future[Done]] = deque()
        for block in blocks:
            waiting.append(pool.submit(ask, block))
            if len(waiting) >= AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
