"""Samples as columns, and their turn and event tables: a turn costs a byte and some numpy, never an object.

The tables equal `columns.turn_table` and `columns.event_table` of the same samples spelled out, value for
value (tests/property/test_columnar.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from components.protocol.columns import EVENT_SCHEMA, TURN_SCHEMA, repeat_words
from components.protocol.placed import Placed
from components.protocol.states import LABELS

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Texts:
    """(M,) texts, each with the number of its row; ascending, a row may have several."""

    rows: Array
    texts: pa.StringArray


@dataclass(frozen=True, slots=True)
class Samples:
    """S samples with N turns in all, one after the other.

    Attributes:
        ids, videos, tasks, sources: (S,) words.
        durations: (S,) seconds.
        lengths: (S,) turns of each.
        states: (N,) uint8 codes, positions in STATES.
        asked, said: questions and the texts of Responses by row of `states`.
        told: events by sample; `starts`, `ends` (seconds) and `question_turns` go with them.

    """

    ids: Sequence[str]
    videos: Sequence[str]
    tasks: Sequence[str]
    sources: Sequence[str]
    durations: Array
    lengths: Array
    states: Array
    asked: Texts
    said: Texts
    told: Texts
    starts: Array
    ends: Array
    question_turns: Array

    def first_rows(self) -> Array:
        """(S,) the row of each sample's first turn."""
        rows: Array = np.cumsum(self.lengths) - self.lengths
        return rows


def of_placed(samples: Sequence[Placed]) -> Samples:
    """The columns of samples that were converted one by one."""
    heads = [placed.head for placed in samples]
    lengths = np.array([len(placed.states) for placed in samples], dtype=np.int64)
    placed_at = list(zip((np.cumsum(lengths) - lengths).tolist(), samples, strict=True))
    events = [(number, event) for number, head in enumerate(heads) for event in head.events]
    return Samples(
        ids=[head.sample_id for head in heads],
        videos=[head.video_id for head in heads],
        tasks=[head.task for head in heads],
        sources=[head.source for head in heads],
        durations=np.array([head.duration_s for head in heads], dtype=np.float64),
        lengths=lengths,
        states=np.frombuffer(b"".join(placed.states for placed in samples), dtype=np.uint8),
        asked=_texts(
            [
                (first + turn, text)
                for first, placed in placed_at
                for turn, several in sorted(placed.questions.items())
                for text in several
            ]
        ),
        said=_texts(
            [
                (first + turn, text)
                for first, placed in placed_at
                for turn, text in sorted(placed.texts.items())
            ]
        ),
        told=_texts([(number, event.text) for number, event in events]),
        starts=np.array([event.start_s for _, event in events], dtype=np.float64),
        ends=np.array([event.end_s for _, event in events], dtype=np.float64),
        question_turns=np.array([event.question_turn for _, event in events], dtype=np.int32),
    )


def _texts(items: Sequence[tuple[int, str]]) -> Texts:
    rows = np.array([row for row, _ in items], dtype=np.int64)
    return Texts(rows, pa.array([text for _, text in items], pa.string()))


def turn_columns(samples: Samples) -> pa.Table:
    """The turns as one Arrow table (TURN_SCHEMA)."""
    lengths, count = samples.lengths, len(samples.states)
    turn = (np.arange(count) - np.repeat(samples.first_rows(), lengths)).astype(np.int32)
    columns = {
        "sample_id": repeat_words(samples.ids, lengths),
        "video_id": repeat_words(samples.videos, lengths),
        "video_duration_s": pa.array(np.repeat(samples.durations, lengths)),
        "task": repeat_words(samples.tasks, lengths),
        "source": repeat_words(samples.sources, lengths),
        "turn": pa.array(turn),
        "start_s": pa.array(turn.astype(np.float64)),
        "end_s": pa.array(turn.astype(np.float64) + 1.0),
        "question": _lists(samples.asked, count),
        "state": pa.DictionaryArray.from_arrays(pa.array(samples.states.astype(np.int32)), pa.array(LABELS)),
        "text": _spread(samples.said, count),
    }
    return pa.table([columns[name] for name in TURN_SCHEMA.names], schema=TURN_SCHEMA)


def event_columns(samples: Samples) -> pa.Table:
    """The placed responses as one Arrow table (EVENT_SCHEMA)."""
    events = np.bincount(samples.told.rows, minlength=len(samples.ids))
    columns = [
        repeat_words(samples.ids, events),
        pa.array(samples.starts),
        pa.array(samples.ends),
        samples.told.texts,
        pa.array(samples.question_turns),
    ]
    return pa.table(columns, schema=EVENT_SCHEMA)


def _lists(texts: Texts, count: int) -> pa.ListArray:
    """(count,) the texts of each row, an empty list where none."""
    ends = np.cumsum(np.bincount(texts.rows, minlength=count)[:count])
    offsets = np.concatenate([[0], ends]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), texts.texts)


def _spread(texts: Texts, count: int) -> pa.StringArray:
    """(count,) the text of each row, null where none."""
    where = np.full(count, -1, dtype=np.int32)
    where[texts.rows] = np.arange(len(texts.rows), dtype=np.int32)
    return texts.texts.take(pa.array(where, mask=where < 0))


def merged(first: Samples, first_at: Array, second: Samples, second_at: Array) -> Samples:
    """Two runs of samples as one, in the order of their positions `first_at` (S1,) and `second_at` (S2,)."""
    if not len(second_at):
        return first
    order = np.argsort(np.concatenate([first_at, second_at]), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    lengths = np.concatenate([first.lengths, second.lengths])[order]
    begins = np.cumsum(lengths) - lengths
    states = np.empty(int(lengths.sum()), dtype=np.uint8)
    rows, numbers = [], [rank[: len(first_at)], rank[len(first_at) :]]
    for part, number in zip((first, second), numbers, strict=True):
        moved = np.repeat(begins[number] - part.first_rows(), part.lengths) + np.arange(len(part.states))
        states[moved] = part.states
        rows.append(moved)
    told, events = _joined(first.told, second.told, *numbers)

    def words(one: Sequence[str], other: Sequence[str]) -> list[str]:
        both = [*one, *other]
        return [both[number] for number in order]

    return Samples(
        ids=words(first.ids, second.ids),
        videos=words(first.videos, second.videos),
        tasks=words(first.tasks, second.tasks),
        sources=words(first.sources, second.sources),
        durations=np.concatenate([first.durations, second.durations])[order],
        lengths=lengths,
        states=states,
        asked=_joined(first.asked, second.asked, *rows)[0],
        said=_joined(first.said, second.said, *rows)[0],
        told=told,
        starts=np.concatenate([first.starts, second.starts])[events],
        ends=np.concatenate([first.ends, second.ends])[events],
        question_turns=np.concatenate([first.question_turns, second.question_turns])[events],
    )


def _joined(first: Texts, second: Texts, first_rows: Array, second_rows: Array) -> tuple[Texts, Array]:
    """Both texts by their new rows, and the order they were put in."""
    rows = np.concatenate([first_rows[first.rows], second_rows[second.rows]])
    order: Array = np.argsort(rows, kind="stable")
    texts = pa.concat_arrays([first.texts, second.texts]).take(pa.array(order))
    return Texts(rows[order], texts), order
