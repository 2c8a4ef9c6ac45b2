"""One pass over a video serves all its entries: decoded once, the vision tower once, the stream before any
question once.

A question asked must not be seen by another entry's stream: every question leaves the shared, unasked stream
on its own turn and goes its own way. Frames after a point's query are left out for that point alone (at 2 fps
a query at 12.3 s sees picture 12.0 and not 12.5, while the stream itself goes on with both).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol, Self

import torch
from torch import Tensor

from components.core.errors import DataError
from components.evaluate.ovo_bench.items import Ask, Item, Read
from components.evaluate.streams import Stream
from components.infer.session import StreamTurn
from components.infer.watch import pictures
from components.model.adapter import Adapter
from components.model.positions import Grid
from components.video.frames import Image

TOWER_TURNS = 16  # a call of the vision tower; one turn a call costs a tiny model more than the turn itself


class Session(Protocol):
    """A model watching one stream (`components.infer.windowed`)."""

    def ask(self, text: str) -> int:
        """Ask on the next turn."""
        ...

    def push_features(self, features_NF: Tensor, grids: Sequence[Grid]) -> StreamTurn:
        """Show the next second."""
        ...

    def force(self) -> str:
        """What it would say on the turn just pushed if it had to."""
        ...

    def clone(self) -> Self:
        """An independent session at the same point."""
        ...


class UnreadableVideoError(DataError):
    """A video stopped decoding before the last turn that is needed."""


@dataclass(frozen=True)
class Shown:
    """The pictures of one turn: tower rows (n, F) and grid of each, in order."""

    rows: tuple[Tensor, ...]
    grids: tuple[Grid, ...]

    def to(self, session: Session, count: int) -> StreamTurn:
        """Push the first `count` pictures."""
        return session.push_features(torch.cat(self.rows[:count]), self.grids[:count])


@dataclass
class Live:
    """One stream on its way. `cut`: what a point saw whose query lies before the turn's last picture."""

    ask: Ask
    letter: bool
    session: Session
    states: list[str]
    texts: dict[int, str] = field(default_factory=dict)
    cut: dict[int, tuple[str, str | None]] = field(default_factory=dict)
    forced: str | None = None
    over: bool = False

    def step(self, turn: int, shown: Shown) -> None:
        """Live through one turn, and read the points that sit on it."""
        every, last = len(shown.rows), self.ask.last
        due: dict[int, list[Read]] = {}
        for read in self.ask.reads:
            if read.turn == turn:
                due.setdefault(visible(read, every), []).append(read)
        lived, used = None, self.session
        for count in sorted(due):
            if count == every:
                continue
            used = self.session.clone()
            lived = shown.to(used, count)
            self.cut |= {read.point: (lived.state.label, lived.text) for read in due[count]}
        if turn < last or every in due or not due:
            used = self.session
            lived = shown.to(used, every)
        assert lived is not None  # every turn shows something to somebody
        self.states.append(lived.state.label)
        if lived.text is not None:
            self.texts[turn] = lived.text
        # A letter question is over with its first answer; nothing else may look for a later one.
        self.over = turn == last or (self.letter and lived.text is not None)
        if self.letter and self.over:
            self.forced = lived.text if lived.text is not None else used.force()


@dataclass(frozen=True)
class Watched:
    """One finished entry: its streams in order, and per stream what its cut points saw (`Live.cut`)."""

    item: Item
    streams: tuple[Stream, ...]
    cuts: tuple[dict[int, tuple[str, str | None]], ...]


def visible(read: Read, every: int) -> int:
    """How many of a turn's `every` pictures are not later than the query: the first one never is."""
    return sum(read.turn + j / every <= read.until_s for j in range(every))


def watch_video(
    adapter: Adapter, path: Path, items: Sequence[Item], *, fps: int, open_session: Callable[[], Session]
) -> Iterator[Watched]:
    """Watch one video for all its items; yields each as soon as its last stream is over.

    Memory: `TOWER_TURNS` turns of pictures and rows, and the streams that are open on this turn.

    Raises:
        UnreadableVideoError: the video stops decoding; items already yielded stand.

    """
    begins: dict[int, list[tuple[int, Ask]]] = {}
    for place, item in enumerate(items):
        for ask in item.asks:
            begins.setdefault(ask.turn, []).append((place, ask))
    trunk, trunk_end = open_session(), max(begins)
    live: dict[int, list[Live]] = {place: [] for place in range(len(items))}
    last = max(ask.last for item in items for ask in item.asks)
    seen = show(adapter, path, items[0].turns, last + 1, fps)
    for turn, shown in zip(range(last + 1), seen, strict=False):
        for place, ask in begins.get(turn, []):
            session = trunk.clone()
            session.ask(ask.question)
            live[place].append(Live(ask, items[place].letter, session, ["silence"] * turn))
        if turn < trunk_end:
            shown.to(trunk, fps)
        for place in list(live):
            for stream in live[place]:
                if not stream.over:
                    stream.step(turn, shown)
            if len(live[place]) == len(items[place].asks) and all(each.over for each in live[place]):
                yield finished(items[place], live.pop(place))


def show(adapter: Adapter, path: Path, turns: int, needed: int, fps: int) -> Iterator[Shown]:
    """At least the first `needed` turns of a video as the tower sees them, `TOWER_TURNS` in one call.

    Calls begin at fixed turns and are cut by the video's end alone, never by what is asked of it: rows from a
    call of another size may differ in the last bit, and a resumed run must repeat an uninterrupted one. The
    last call may see, and hand out, turns beyond `needed`.
    """
    source = pictures(path, min(turns, -(-needed // TOWER_TURNS) * TOWER_TURNS), fps)
    for _ in range(0, needed, TOWER_TURNS):
        images, broken = take(source, TOWER_TURNS)
        if images:
            pixels, grids = adapter.encode_frame([image for turn in images for image in turn])
            rows = torch.split(adapter.features(pixels, grids), adapter.n_visual(grids))
            for first in range(0, len(grids), fps):
                yield Shown(tuple(rows[first : first + fps]), tuple(grids[first : first + fps]))
        if broken is not None:
            raise UnreadableVideoError(str(broken)) from broken


def take(source: Iterator[list[Image]], count: int) -> tuple[list[list[Image]], DataError | None]:
    """The next `count` turns' pictures, fewer at the end, and the error that ended them early."""
    taken: list[list[Image]] = []
    try:
        for pictures_of_turn in islice(source, count):
            taken.append(pictures_of_turn)  # not in one go: what came before an error stands
    except DataError as error:
        return taken, error
    return taken, None


def finished(item: Item, live: Sequence[Live]) -> Watched:
    """The streams of an item in the order of its asks."""
    in_order = sorted(live, key=lambda each: item.asks.index(each.ask))
    entry = item.entry
    streams = tuple(
        Stream(
            entry["id"],
            entry["task"],
            each.ask.turn,
            each.states,
            each.texts,
            question=each.ask.question,
            step=each.ask.step,
            forced=each.forced,
        )
        for each in in_order
    )
    return Watched(item, streams, tuple(each.cut for each in in_order))
