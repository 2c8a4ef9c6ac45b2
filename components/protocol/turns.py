"""The streaming dialogue, a turn a second: user half (question, tag, frame), assistant half (state, text)."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from components.protocol.counts import Counts
from components.protocol.states import State

FRAME = (
    "<stream>"  # where the turn's frame goes; spelled as in the released labels (reference.md, Stream format)
)

# Short on purpose: a tiny model pays for every token of it in every sample.
SYSTEM_PROMPT = "Watch the video second by second and answer each question as soon as you can."

_SECOND = r"\d+(?:\.\d+)?s\b"
_AND = r"(?:\s*(?:-|,|to|and|until)\s*)"
_TOLD = re.compile(
    rf"\b(?:(?:at|from|after|before|until|by)\s+{_SECOND}|{_SECOND}{_AND}{_SECOND})(?:{_AND}{_SECOND})*",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"(?<![\d.])\d+(?=(?:\.\d+)?s)")


@dataclass(frozen=True, slots=True)
class Turn:
    """Second [turn, turn + 1) of a stream; `text` is None unless the state is Response."""

    turn: int
    questions: tuple[str, ...]
    state: State
    text: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """A placed response and the seconds [start_s, end_s) it tells of; an instant has start_s == end_s.

    `question_turn` is the turn of the question it answers. An instant before its question counts from the
    moment it was asked, so ceil(end_s) >= question_turn always holds.
    """

    start_s: float
    end_s: float
    text: str
    question_turn: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Something set aside: the sample's id, a word of `components.protocol.reasons`, which part and why."""

    id: str
    reason: str
    detail: str

    def row(self) -> dict[str, str]:
        """The row of quarantine.json; an id that is not valid Unicode is written with escapes."""
        name = self.id.encode("utf-8", "backslashreplace").decode("utf-8")
        return {"id": name, "reason": self.reason, "detail": self.detail}


@dataclass(slots=True)
class Dialogue:
    """One sample as a stream; `turns` is empty where the sample was quarantined (`quarantine` says why)."""

    sample_id: str
    video_id: str
    task: str
    source: str
    duration_s: float
    turns: list[Turn]
    events: list[Event] = field(default_factory=list)
    quarantine: list[Quarantined] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)

    def messages(self, offset: int = 0) -> list[dict[str, str]]:
        """System, user, assistant, user, ... as chat messages; `offset` seconds are added to every time told.

        A quarantined sample has no messages.
        """
        if not self.turns:
            return []
        out = [{"role": "system", "content": SYSTEM_PROMPT}]
        for turn in self.turns:
            out.append({"role": "user", "content": user_text(turn, offset)})
            out.append({"role": "assistant", "content": assistant_text(turn, offset)})
        return out


@lru_cache(maxsize=65536)
def plain_turn(turn: int, state: State) -> Turn:
    """A turn without question and text; shared, since nine turns in ten are such and turns are immutable."""
    return Turn(turn, (), state, None)


def time_tag(turn: int, offset: int = 0) -> str:
    """`<3s-4s>` for turn 3; `offset` whole seconds are added to both ends."""
    return f"<{turn + offset}s-{turn + offset + 1}s>"


def user_text(turn: Turn, offset: int = 0) -> str:
    """Questions, time tag and frame placeholder, one a line."""
    return "\n".join([*(shift_times(q, offset) for q in turn.questions), time_tag(turn.turn, offset), FRAME])


def assistant_text(turn: Turn, offset: int = 0) -> str:
    """The state token, followed by a blank and the text where there is one."""
    if turn.text is None:
        return turn.state.value
    return f"{turn.state.value} {shift_times(turn.text, offset)}"


def shift_times(text: str, offset: int) -> str:
    """Add `offset` seconds to the times a text tells (`from 3s to 6s`, `3s-6s`, `at 5s`).

    A number with `s` outside such a phrase (`the 1980s`) is left alone.
    """
    if not offset or "s" not in text:
        return text
    return _TOLD.sub(lambda told: _WHOLE.sub(lambda number: str(int(number[0]) + offset), told[0]), text)
