"""The released converter's rules, value for value (reference.md, Converter), with what it loses counted.

Its known defects are part of it on purpose: a question shown at turn 0 before it was asked, later items
written over earlier ones, responses past the end dropped, fractions cut off, indices for seconds when fps is
not 1.
"""

from typing import Any

from components.protocol import reasons
from components.protocol.labels import Label
from components.protocol.placed import RESPONSE, STANDBY, Placed
from components.protocol.times import released_index
from components.protocol.turns import Dialogue, Event, Quarantined

DEFAULT_QUESTION = "Find all significant events in the video and describe them."


def convert_released(label: Label, num_turns: int, duration_s: float, fps: float) -> Placed:
    """States and texts of one label; see `components.protocol.convert.convert_sample`."""
    dialogue = Dialogue(label.sample_id, label.video_id, label.task, label.source, duration_s, [])
    dialogue.counts.questions_in, dialogue.counts.responses_in = len(label.questions), len(label.responses)
    questions = _questions(label, num_turns, fps, dialogue)
    placed = Placed(dialogue, bytearray(num_turns))
    owner: dict[int, tuple[int, Event]] = {}  # Response turn -> (position in the list, event)
    asked = sorted(questions)
    for position, item in enumerate(label.responses):
        _write(item, position, placed, owner, asked, fps)
    dialogue.events = [event for _, (_, event) in sorted(owner.items())]
    dialogue.counts.placed = len(owner)
    placed.questions = {turn: (text,) for turn, text in questions.items()}
    return placed


def _questions(label: Label, num_turns: int, fps: float, dialogue: Dialogue) -> dict[int, str]:
    """Turn -> question, the later one winning; turn 0 always has one (the first, or the default)."""
    placed: dict[int, tuple[int, str]] = {}
    for position, item in enumerate(label.questions):
        text, index = item.get("content", ""), released_index(item.get("time"), fps)
        turn = -1 if index is None else max(0, index - 1)
        if not text:
            _lose_question(dialogue, position, reasons.EMPTY_TEXT, "has no text")
        elif index is None:
            _lose_question(dialogue, position, reasons.UNREADABLE_TIME, f"time {item.get('time')!r}")
        elif turn >= num_turns:
            _lose_question(dialogue, position, reasons.QUESTION_AFTER_END, f"turn {turn} of {num_turns}")
        else:
            if turn in placed:
                detail = f"by question {position} on turn {turn}"
                _lose_question(dialogue, placed[turn][0], reasons.OVERWRITTEN, detail)
            placed[turn] = (position, str(text))
    dialogue.counts.questions_placed = len(placed)
    questions = {turn: text for turn, (_, text) in placed.items()}
    first = label.questions[0].get("content") if label.questions else None
    questions.setdefault(0, str(first) if first else DEFAULT_QUESTION)
    return questions


def _write(
    item: dict[str, Any],
    position: int,
    placed: Placed,
    owner: dict[int, tuple[int, Event]],
    asked: list[int],
    fps: float,
) -> None:
    """Write one response over whatever stands there, as the released code does."""
    dialogue, states = placed.head, placed.states
    text = item.get("content", "")
    start, end, time = (released_index(item.get(key), fps) for key in ("st_time", "end_time", "time"))
    if start is not None and end is not None:
        first, target = max(0, start - 1), max(0, end - 1) + 1
        for turn in range(first, min(target, len(states))):
            _lose_response(
                dialogue, owner.pop(turn, None), f"by the Standby of response {position} on turn {turn}"
            )
            placed.texts.pop(turn, None)
            states[turn] = STANDBY
        first = min(first, target)
    elif time is not None:
        first = target = max(0, time - 1)
    else:
        times = {key: item.get(key) for key in ("st_time", "end_time", "time")}
        return _lose(dialogue, position, reasons.UNREADABLE_TIME, f"times {times}")
    if not text:
        return _lose(dialogue, position, reasons.EMPTY_TEXT, "has no text")
    if target >= len(states):
        return _lose(dialogue, position, reasons.RESPONSE_AFTER_END, f"turn {target} of {len(states)}")
    _lose_response(dialogue, owner.pop(target, None), f"by response {position} on turn {target}")
    states[target], placed.texts[target] = RESPONSE, str(text)
    question_turn = max((turn for turn in asked if turn <= target), default=0)
    owner[target] = (position, Event(float(first), float(target), str(text), question_turn))
    return None


def _lose(dialogue: Dialogue, position: int, reason: str, detail: str) -> None:
    dialogue.quarantine.append(Quarantined(dialogue.sample_id, reason, f"response {position}: {detail}"))
    dialogue.counts.quarantined[reason] += 1


def _lose_response(dialogue: Dialogue, lost: tuple[int, Event] | None, detail: str) -> None:
    if lost is not None:
        _lose(dialogue, lost[0], reasons.OVERWRITTEN, detail)


def _lose_question(dialogue: Dialogue, position: int, reason: str, detail: str) -> None:
    dialogue.quarantine.append(Quarantined(dialogue.sample_id, reason, f"question {position}: {detail}"))
    dialogue.counts.questions_quarantined[reason] += 1
