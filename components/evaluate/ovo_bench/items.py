"""One annotation entry as what is to be watched: streams, the turn each is asked on, the turns it is read on.

Placement. `online`: letter questions on the turn of their own query; REC and SSR on turn 0; CRR at `ask_time`
(rule of time 1). Nothing of the truth places a question. `released` (reference.md, Inference and OVO
protocol): ASI on a random turn up to its query (seeded here), SSR on its step's true first turn, REC three
seconds before the first true start; only to be compared with published numbers.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.core.errors import DataError
from components.core.seeds import rng
from components.evaluate.ovo_bench.wording import streamed
from components.evaluate.ovo_format import GROUP_OF, Entry
from components.evaluate.streams import turn_of

RELEASED_LEAD_S = 3.0  # REC of the released protocol is asked so long before the first true start


@dataclass(frozen=True)
class Read:
    """One scored point: number `point` of the entry, read on `turn`; no frame after `until_s` counts."""

    point: int
    turn: int
    until_s: float


@dataclass(frozen=True)
class Ask:
    """One stream: `question` on turn `turn`, read at `reads`; `step` is that of an SSR question."""

    step: str | None
    question: str
    turn: int
    reads: tuple[Read, ...]

    @property
    def last(self) -> int:
        """The last turn that is watched."""
        return max(self.turn, *(read.turn for read in self.reads))


@dataclass(frozen=True)
class Item:
    """An entry and its streams on a video of `turns` turns."""

    entry: Entry
    turns: int
    asks: tuple[Ask, ...]

    @property
    def key(self) -> str:
        """Unique name, e.g. `EPM-0`."""
        return key_of(self.entry)

    @property
    def letter(self) -> bool:
        """Whether an option's letter is wanted."""
        return GROUP_OF[self.entry["task"]] != "forward"


def key_of(entry: Entry) -> str:
    """Task and id: the name of an entry's line in the journal."""
    return f"{entry['task']}-{entry['id']}"


def points_of(entry: Entry) -> Sequence[Mapping[str, Any]]:
    """The scored points: the test points of a forward entry, else the entry itself."""
    points: Sequence[Mapping[str, Any]] = entry.get("test_info", [entry])
    return points


def check_entries(entries: Sequence[Entry]) -> None:
    """Raise DataError unless every entry can be asked: video, times, words, and a key of its own."""
    seen: set[str] = set()
    for entry in entries:
        where = f"annotation entry {key_of(entry)}"
        if key_of(entry) in seen:
            raise DataError(f"{where}: there are two of this task and id; each needs its own")
        seen.add(key_of(entry))
        if not isinstance(entry.get("video"), str) or not entry["video"]:
            raise DataError(f"{where}: `video` must name a file below --videos")
        word = {"REC": "activity", "SSR": "all_steps"}.get(entry["task"], "question")
        if not entry.get(word):
            raise DataError(f"{where}: no `{word}`")
        if not points_of(entry):
            raise DataError(f"{where}: no test point in `test_info`")
        if entry["task"] == "SSR" and not all(isinstance(p.get("step"), str) for p in points_of(entry)):
            raise DataError(f"{where}: every test point needs its `step`")
        needed = ("ask_time", "clue_time") if entry["task"] == "CRR" else ()
        check_times(entry, needed, where)
        for number, point in enumerate(points_of(entry)):
            check_times(point, ("realtime",), f"{where}, point {number}")


def check_times(holder: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    """Raise DataError unless each key holds seconds from 0 on."""
    for key in keys:
        value = holder.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise DataError(f"{where}: `{key}` must be seconds from 0 on, got {value!r}")


def plan_item(entry: Entry, turns: int, *, protocol: str, seed: int) -> Item:
    """The streams of one entry on a video of `turns` turns.

    Raises:
        DataError: the released placement is asked for and the entry lacks the true times it needs.

    """
    grouped: dict[tuple[str, str | None], list[Read]] = {}
    for number, point in enumerate(points_of(entry)):
        time_s = float(point["realtime"])
        read = Read(number, turn_of(time_s, turns), time_s)
        step = point["step"] if entry["task"] == "SSR" else None
        grouped.setdefault((streamed(entry, point), step), []).append(read)
    asks = []
    for (question, step), reads in grouped.items():
        first = place(entry, step, reads, protocol=protocol, seed=seed)
        asks.append(Ask(step, question, min(first, turns - 1), tuple(reads)))
    return Item(entry, turns, tuple(asks))


def place(entry: Entry, step: str | None, reads: Sequence[Read], *, protocol: str, seed: int) -> int:
    """The turn a question is asked on, before it is held within the video."""
    task = entry["task"]
    if task == "CRR":
        return math.ceil(float(entry["ask_time"]))
    released = protocol == "released"
    if task == "SSR":
        return math.floor(true_start(entry, step)) if released else 0
    if task == "REC":
        return math.floor(max(0.0, true_start(entry, None) - RELEASED_LEAD_S)) if released else 0
    query = reads[0].turn
    if released and task == "ASI":
        return int(rng(seed, "ovo_bench", "ASI", entry["id"]).integers(0, query + 1))
    return query


def true_start(entry: Entry, step: str | None) -> float:
    """When the annotated step (SSR) or the first repetition (REC) begins, in seconds."""
    try:
        if step is None:
            return float(entry["start_times"][0])
        return float(entry["start_time"][entry["all_steps"].index(step)])
    except (KeyError, IndexError, ValueError, TypeError) as error:
        where = f"annotation entry {key_of(entry)}"
        raise DataError(f"{where}: --protocol released needs true start times ({error!r})") from error
