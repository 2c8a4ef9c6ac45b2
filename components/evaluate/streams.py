"""What one watched stream is, and how its turns are read into official OVO-Bench answers.

A stream is one question asked once on one video and the states the model (or a blind policy) took on every
turn. Query times follow rule of time 6 (design): time t sits on turn min(floor(t), last turn).
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from components.evaluate.ovo_format import GROUP_OF, Entry, Results, make_results
from components.evaluate.ovo_map import LetterMap

NUMBER = re.compile(r"\d+")
SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*s?\s*(?:to|-|and|until)\s*(\d+(?:\.\d+)?)")
Given = dict[tuple[str, Any], list[str | None]]


@dataclass(frozen=True)
class Stream:
    """One question on one video.

    Attributes:
        entry: id of the annotation entry.
        task: its OVO-Bench task.
        question_turn: the turn that carries the question.
        states: `silence | standby | response` of every turn from 0; turns before the question are silence.
        texts: what was said, by turn, for Response turns.
        question: the words of the question as it was asked.
        step: the step that an SSR question asks for.
        forced: what the model says if it must answer on the question's turn (letter questions only).

    """

    entry: Any
    task: str
    question_turn: int
    states: Sequence[str]
    texts: Mapping[int, str] = field(default_factory=dict)
    question: str = ""
    step: str | None = None
    forced: str | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON: turn numbers become strings."""
        return asdict(self) | {"texts": {str(turn): text for turn, text in sorted(self.texts.items())}}


def stream_from(value: Mapping[str, Any]) -> Stream:
    """The stream of its `plain()` form; unknown keys are ignored, so that predictions.json may hold more."""
    known = {name: value[name] for name in Stream.__dataclass_fields__ if name in value}
    known["texts"] = {int(turn): text for turn, text in value.get("texts", {}).items()}
    return Stream(**known)


def turn_of(time_s: float, turns: int) -> int:
    """The turn on which a query at `time_s` seconds sits (rule 6)."""
    return min(math.floor(time_s), turns - 1)


def spoken(stream: Stream, until: int) -> list[int]:
    """The Response turns from the question up to and including turn `until`, in order."""
    return [t for t in range(stream.question_turn, until + 1) if stream.states[t] == "response"]


def rec_answer(stream: Stream, time_s: float) -> str:
    """The last count answered by then, `0` if none (paper.md: recovered from the printed digits)."""
    for turn in reversed(spoken(stream, turn_of(time_s, len(stream.states)))):
        numbers = NUMBER.findall(stream.texts.get(turn, ""))
        if numbers:
            return str(numbers[-1])
    return "0"


def crr_answer(stream: Stream, time_s: float) -> str:
    """`Yes` once any Response was given, else `No` (loose: too early a Response still pays later)."""
    return "Yes" if spoken(stream, turn_of(time_s, len(stream.states))) else "No"


def crr_strict_answer(stream: Stream, time_s: float, clue_s: float) -> str | None:
    """As `crr_answer`, but None (wrong) if the first Response came before the turn that shows the clue."""
    turns = spoken(stream, turn_of(time_s, len(stream.states)))
    if turns and time_s >= clue_s and turns[0] < math.ceil(clue_s):
        return None
    return "Yes" if turns else "No"


def ssr_state_answer(stream: Stream, time_s: float) -> str:
    """`Yes` while the turn at the point is Standby or Response: the step is going on or has just ended."""
    turn = turn_of(time_s, len(stream.states))
    return "No" if stream.states[turn] == "silence" else "Yes"


def ssr_interval_answer(stream: Stream, time_s: float) -> str:
    """`Yes` if the point lies in a span the model has spoken, over the whole stream (a look back)."""
    for text in stream.texts.values():
        for start, end in SPAN.findall(text):
            if float(start) <= time_s <= float(end):
                return "Yes"
    return "No"


def forward_answer(entry: Entry, point: Mapping[str, Any], stream: Stream | None, reading: str) -> str | None:
    """The answer of one forward test point; no stream at all is no answer.

    `reading` is `default` (SSR by state, CRR loose), `interval` (SSR by spoken span) or `strict` (CRR).
    """
    if stream is None:
        return None
    time_s = float(point["realtime"])
    if entry["task"] == "REC":
        return rec_answer(stream, time_s)
    if entry["task"] == "CRR":
        late = reading == "strict"
        return crr_strict_answer(stream, time_s, entry["clue_time"]) if late else crr_answer(stream, time_s)
    return ssr_interval_answer(stream, time_s) if reading == "interval" else ssr_state_answer(stream, time_s)


def read_results(
    entries: Sequence[Entry],
    streams: Iterable[Stream],
    *,
    reading: str = "default",
    forced: bool = False,
    letters: LetterMap | None = None,
) -> Results:
    """Official result rows of these streams, ready for the same scorer as real OVO-Bench results.

    Args:
        entries: the annotation entries; one without a stream becomes a row without answers.
        streams: one per letter question, REC and CRR entry, one per step of an SSR entry.
        reading: see `forward_answer`.
        forced: read the forced answer of letter questions instead of the streamed one.
        letters: counts how option texts were mapped.

    """
    letters = letters if letters is not None else LetterMap()
    by_key = {(s.task, s.entry, s.step if s.task == "SSR" else None): s for s in streams}
    given: Given = {}
    for entry in entries:
        key = (entry["task"], entry["id"])
        if GROUP_OF[entry["task"]] == "forward":
            given[key] = [
                forward_answer(entry, point, by_key.get((*key, point.get("step"))), reading)
                for point in entry["test_info"]
            ]
            continue
        stream = by_key.get((*key, None))
        given[key] = [letters(choice_text(stream, forced), entry["options"])]
    return make_results(entries, given)


def choice_text(stream: Stream | None, forced: bool) -> str | None:
    """What was said to a letter question on its own turn; silence there is a missing answer."""
    if stream is None:
        return None
    if forced:
        return stream.forced
    turn = stream.question_turn
    return stream.texts.get(turn, "") if stream.states[turn] == "response" else None
