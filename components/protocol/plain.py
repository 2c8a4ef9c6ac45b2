"""The corrected rules over columns of labels in which nothing has to be decided one by one.

A plain label has a known video, readable times to the microsecond that lie in it, texts that need no
cleaning, and no two answers due on one turn. Every other label is left to `convert_placed`, whose results
these equal (tests/property/test_columnar.py); so no reason to set something aside is written twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.protocol.columnar import Array, Samples, Texts
from components.protocol.columned import MICROS, Items, exact
from components.protocol.counts import Counts
from components.protocol.placed import RESPONSE, STANDBY
from components.protocol.times import LONGEST_S

# What str.strip() takes away, as RE2 spells it.
_BLANK = r"\x09-\x0d\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"


@dataclass(frozen=True, slots=True)
class Heads:
    """(S,) what is known of each label before its times are read.

    `turns` is 0 where the label is already known not to be plain; `limits` are the durations, to the
    microsecond.
    """

    ids: Sequence[str]
    videos: Sequence[str]
    tasks: Sequence[str]
    sources: Sequence[str]
    turns: Array
    durations: Array
    limits: Array


def convert_plain(heads: Heads, questions: Items, responses: Items) -> tuple[Array, Samples, Counts]:
    """Convert the plain labels.

    Returns:
        (P,) their positions, their columns, and their counts summed.

    """
    plain = _plain(heads, questions, responses)
    due = _due(heads, plain, questions, responses)
    twice = due.owner[np.flatnonzero(_repeated(due.owner, due.turn))]
    if len(twice):
        plain[twice] = False
        due = due.of(plain)
    return _columns(heads, plain, questions, responses, due)


def _plain(heads: Heads, questions: Items, responses: Items) -> Array:
    """(S,) bool: the label is plain, as far as its items tell one by one."""
    plain: Array = heads.turns > 0
    plain = plain & (np.bincount(questions.owner, minlength=len(plain)) > 0)
    asked = questions.times["time"]
    fits = _clean(questions.texts) & exact(asked) & (np.ceil(asked) < heads.turns[questions.owner])
    start, end, time = (responses.times[name] for name in ("st_time", "end_time", "time"))
    wide = ~np.isnan(start) | ~np.isnan(end)
    begins = np.where(wide, start, time)
    inside = begins < heads.limits[responses.owner]
    readable = np.where(wide, exact(start) & exact(end) & (end >= start), exact(time))
    for whose, good in (
        (questions.owner, fits),
        (responses.owner, _clean(responses.texts) & readable & inside),
    ):
        plain[whose[~good]] = False
    return plain


def _clean(texts: pa.StringArray) -> Array:
    """(M,) bool: the text is there, begins and ends with something, and spells no token."""
    begins = pc.match_substring_regex(texts, rf"\A[^{_BLANK}]")
    ends = pc.match_substring_regex(texts, rf"[^{_BLANK}]\z")
    good = pc.and_(pc.and_(begins, ends), pc.invert(pc.match_substring(texts, "<")))
    return np.asarray(pc.fill_null(good, False))


@dataclass(frozen=True, slots=True)
class _Due:
    """(K,) answers that are placed, in order of (label, end, position).

    `row` is the response, `own` its turn by rule 2 or 3, `turn` the one it is placed on; `question_turn` and
    `asked_s` are of the question it answers.
    """

    row: Array
    owner: Array
    own: Array
    turn: Array
    question_turn: Array
    asked_s: Array

    def of(self, labels: Array) -> "_Due":
        """Those of the labels marked in a (S,) mask."""
        kept = labels[self.owner]
        return _Due(*(getattr(self, name)[kept] for name in self.__slots__))


def _due(heads: Heads, plain: Array, questions: Items, responses: Items) -> _Due:
    """Rules 1 to 4: which question each response belongs to, what is labelled at all, and on which turn."""
    asked_rows = np.flatnonzero(plain[questions.owner])
    asked_key = _key(questions.owner[asked_rows], _micros(questions, "time", asked_rows))
    by_time = np.argsort(asked_key, kind="stable")
    asked_rows, asked_key = asked_rows[by_time], asked_key[by_time]

    rows = np.flatnonzero(plain[responses.owner])
    instant = np.isnan(responses.times["end_time"][rows])
    end = np.where(instant, responses.times["time"][rows], responses.times["end_time"][rows])
    key = _key(responses.owner[rows], np.rint(end * MICROS).astype(np.int64))
    by_end = np.argsort(key, kind="stable")  # rows stand by label and position already
    rows, instant, end, key = rows[by_end], instant[by_end], end[by_end], key[by_end]
    owner = responses.owner[rows]

    first = np.searchsorted(asked_key, _key(owner, np.zeros(len(owner), dtype=np.int64)))
    question = np.maximum(first, np.searchsorted(asked_key, key, side="right") - 1)
    after = key > asked_key[question]
    # Of several instants at or before their question only the last is kept.
    waits = np.flatnonzero(instant & ~after)
    last = waits[np.append(question[waits][1:] != question[waits][:-1], True)] if len(waits) else waits
    kept = after.copy()
    kept[last] = True

    rows, owner, end, question = rows[kept], owner[kept], end[kept], question[kept]
    asked_s = questions.times["time"][asked_rows][question]
    question_turn = np.ceil(asked_s).astype(np.int64)
    own = np.maximum(np.ceil(end).astype(np.int64), question_turn)
    return _Due(rows, owner, own, np.minimum(own, heads.turns[owner] - 1), question_turn, asked_s)


def _micros(items: Items, name: str, rows: Array) -> Array:
    """(len(rows),) whole microseconds of a time that is there."""
    whole: Array = np.rint(items.times[name][rows] * MICROS).astype(np.int64)
    return whole


def _key(owner: Array, micros: Array) -> Array:
    """One number that orders by label, then by time."""
    key: Array = owner * int(2 * LONGEST_S * MICROS) + micros
    return key


def _repeated(owner: Array, turn: Array) -> Array:
    """(K,) bool: another answer of the label is due on the same turn."""
    _, back, times = np.unique(owner * int(2 * LONGEST_S) + turn, return_inverse=True, return_counts=True)
    repeated: Array = times[back] > 1
    return repeated


def _columns(
    heads: Heads, plain: Array, questions: Items, responses: Items, due: _Due
) -> tuple[Array, Samples, Counts]:
    """The columns of the plain labels, whose answers are each alone on their turn."""
    at = np.flatnonzero(plain)
    lengths = heads.turns[at]
    rank = np.cumsum(plain) - 1  # of a label among the plain ones
    begin = np.zeros(len(plain), dtype=np.int64)
    begin[at] = np.cumsum(lengths) - lengths

    rows = np.flatnonzero(plain[questions.owner])
    rows = rows[np.argsort(_key(questions.owner[rows], _micros(questions, "time", rows)), kind="stable")]
    asked_at = begin[questions.owner[rows]] + np.ceil(questions.times["time"][rows]).astype(np.int64)

    start, end = responses.times["st_time"][due.row], responses.times["end_time"][due.row]
    instant = np.isnan(end)
    end = np.where(instant, responses.times["time"][due.row], end)
    said_at = begin[due.owner] + due.turn
    order = np.argsort(said_at)
    told_end = np.maximum(end, due.asked_s)
    samples = Samples(
        ids=[heads.ids[row] for row in at.tolist()],
        videos=[heads.videos[row] for row in at.tolist()],
        tasks=[heads.tasks[row] for row in at.tolist()],
        sources=[heads.sources[row] for row in at.tolist()],
        durations=heads.durations[at],
        lengths=lengths,
        states=_states(heads, int(lengths.sum()), begin, due, start, end),
        asked=Texts(asked_at, questions.texts.take(pa.array(rows))),
        said=Texts(said_at[order], responses.texts.take(pa.array(due.row[order]))),
        told=Texts(rank[due.owner], responses.texts.take(pa.array(due.row))),
        starts=np.where(instant, told_end, start),
        ends=told_end,
        question_turns=due.question_turn.astype(np.int32),
    )
    counts = Counts(questions_in=len(rows), questions_placed=len(rows), placed=len(due.row))
    counts.responses_in = int(plain[responses.owner].sum())
    counts.before_question = counts.responses_in - counts.placed
    counts.moved_to_end = int((due.turn < due.own).sum())
    return at, samples, counts


def _states(heads: Heads, count: int, begin: Array, due: _Due, start: Array, end: Array) -> Array:
    """(count,) Standby where an event shows (rule 2), never over a Response, Silence elsewhere."""
    wide = ~np.isnan(start)
    owner = due.owner[wide]
    first = np.maximum(np.ceil(start[wide]).astype(np.int64), due.question_turn[wide])
    stop = np.minimum(np.ceil(end[wide]).astype(np.int64), heads.turns[owner])
    shows = first < stop
    change = np.zeros(count + 1, dtype=np.int32)
    np.add.at(change, begin[owner[shows]] + first[shows], 1)
    np.add.at(change, begin[owner[shows]] + stop[shows], -1)
    states: Array = np.where(np.cumsum(change[:-1]) > 0, STANDBY, 0).astype(np.uint8)
    states[begin[due.owner] + due.turn] = RESPONSE
    return states
