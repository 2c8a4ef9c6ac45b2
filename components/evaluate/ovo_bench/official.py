"""From streams to the answers that OVO-Bench's official rows hold, each way counted.

| task | answer |
|---|---|
| letter questions | the first Response up to the query, as a letter (`read_letter`); silence is no answer |
| REC | the last number said by the point, `0` if none |
| SSR | `Yes` unless the turn at the point is Silence; reading `interval`: `Yes` inside a spoken span |
| CRR | `Yes` once a Response was given; reading `strict`: not if one came before the clue is shown |
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from components.evaluate import answers
from components.evaluate.ovo_bench.items import Item, Read, points_of
from components.evaluate.ovo_bench.watch import Watched
from components.evaluate.ovo_map import MISSING, letter_of
from components.evaluate.ovo_rules import DIGITS
from components.evaluate.streams import Stream, forward_answer

DEFAULT = "default"
READINGS = (DEFAULT, "interval", "strict", "forced")  # of a stream; a polled model has the default alone
Given = dict[str, list[str | None]]


@dataclass(frozen=True)
class Answered:
    """One entry's answers by reading, one a scored point, and how the default ones came about (counts)."""

    given: Given
    how: dict[str, int]


def read_letter(text: str | None, options: Sequence[str]) -> tuple[str | None, str]:
    """The letter `text` stands for, and how: an option's text or bare letter, else a strict leading letter.

    What is none of these is no letter (`unmatched`, `several`, ...): the official substring rule must not
    credit a capital letter inside a wrong sentence.
    """
    letter, how = letter_of(text, options)
    if letter is not None or how == MISSING:
        return letter, how
    read = answers.strict_letter(text, options)
    return (read.letter, "leading_letter") if read.letter is not None else (None, read.how)


def answer_streams(watched: Watched) -> Answered:
    """The answers of an entry that was watched."""
    item = watched.item
    if item.letter:
        return answer_letter(item, watched.streams[0])
    given: Given = {name: [None] * len(points_of(item.entry)) for name in READINGS if name != "forced"}
    how: Counter[str] = Counter()
    for ask, stream, cut in zip(item.asks, watched.streams, watched.cuts, strict=True):
        for read in ask.reads:
            seen = at_point(stream, read, cut)
            for name in given:
                shown = stream if name == "interval" else seen
                point = points_of(item.entry)[read.point]
                given[name][read.point] = forward_answer(item.entry, point, shown, name)
            how[heard(item.entry["task"], seen, given[DEFAULT][read.point])] += 1
    return Answered({**given, "forced": given[DEFAULT]}, dict(how))


def answer_letter(item: Item, stream: Stream) -> Answered:
    """A letter question: what was said first, and beside it what was said or forced."""
    options = item.entry["options"]
    said = stream.texts[min(stream.texts)] if stream.texts else None
    letter, how = read_letter(said, options)
    given: Given = {name: [letter] for name in READINGS}
    given["forced"] = [read_letter(stream.forced, options)[0]]
    return Answered(given, {how_said(said, how): 1})


def how_said(said: str | None, how: str) -> str:
    """`silent` where there was no Response, `empty` where it had no text, else how the letter was read."""
    if said is None:
        return "silent"
    return "empty" if how == MISSING else how


def at_point(stream: Stream, read: Read, cut: Mapping[int, tuple[str, str | None]]) -> Stream:
    """The stream as it stood at a point: no later turn, and on the point's turn no picture after it."""
    states = list(stream.states[: read.turn + 1])
    texts = {turn: text for turn, text in stream.texts.items() if turn <= read.turn}
    if read.point in cut:
        states[read.turn], text = cut[read.point]
        texts.pop(read.turn, None)
        texts |= {read.turn: text} if text is not None else {}
    return replace(stream, states=states, texts=texts)


def heard(task: str, seen: Stream, answer: str | None) -> str:
    """What the default answer of a forward point rests on: a number said, a state, or nothing said."""
    if task == "REC":
        return "number_said" if any(DIGITS.search(text) for text in seen.texts.values()) else "none_said"
    if task == "SSR":
        return f"state_{seen.states[-1]}"
    return "responded" if answer == "Yes" else "not_responded"


def answer_texts(item: Item, said: Sequence[str]) -> Answered:
    """The answers of a polled model: letters are read as above; forward texts go to the rule as they are."""
    if item.letter:
        letter, how = read_letter(said[0], item.entry["options"])
        return Answered({DEFAULT: [letter]}, {how: 1})
    return Answered({DEFAULT: list(said)}, dict(Counter(polled_form(item.entry["task"], t) for t in said)))


def polled_form(task: str, text: str) -> str:
    """What a polled forward answer holds, for the counts only."""
    if task == "REC":
        return "one_number" if len(DIGITS.findall(text)) == 1 else "no_single_number"
    words = [word for word in ("Yes", "No") if word in text]
    return words[0].lower() if len(words) == 1 else "no_single_yes_or_no"


def plain(answered: Answered) -> dict[str, Any]:
    """As JSON; readings equal to the default one are left out."""
    given = answered.given
    other = {name: each for name, each in given.items() if name != DEFAULT and each != given[DEFAULT]}
    return {"given": {DEFAULT: given[DEFAULT], **other}, "how": answered.how}
