"""The rules of time (design.md, rules 1 to 4 and 7): real-valued times to one state a second."""

import math
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, NamedTuple

from components.protocol import reasons
from components.protocol.counts import Counts
from components.protocol.labels import Label, LabelError, clean_text
from components.protocol.placed import RESPONSE, STANDBY, Placed
from components.protocol.times import MICRO, parse_time
from components.protocol.turns import Dialogue, Event, Quarantined


class _Question(NamedTuple):
    asked_s: float
    position: int
    text: str
    turn: int


class _Answer(NamedTuple):
    start_s: float | None  # None for an instant
    end_s: float
    position: int
    text: str


def convert_corrected(label: Label, num_turns: int, duration_s: float) -> Placed:
    """States and texts of one label; see `components.protocol.convert.convert_sample`."""
    dialogue = Dialogue(label.sample_id, label.video_id, label.task, label.source, duration_s, [])
    counts = dialogue.counts
    counts.questions_in, counts.responses_in = len(label.questions), len(label.responses)
    try:
        questions = _read_questions(label, num_turns)
    except LabelError as error:
        return Placed(quarantine_sample(dialogue, error))
    counts.questions_placed = len(questions)
    answers = _read_answers(label, round(duration_s, MICRO), dialogue)
    due = _due(answers, questions, counts)
    texts = _place(due, num_turns, dialogue)
    asked: dict[int, tuple[str, ...]] = {}
    for question in questions:
        asked[question.turn] = (*asked.get(question.turn, ()), question.text)
    return Placed(dialogue, _states(num_turns, due, texts), texts, asked)


def quarantine_sample(dialogue: Dialogue, error: LabelError) -> Dialogue:
    """Set a whole sample aside; its questions and responses count under the sample's reason."""
    counts = dialogue.counts
    rest = f"; {counts.responses_in} responses go with it" if counts.responses_in else ""
    dialogue.quarantine.append(Quarantined(dialogue.sample_id, error.reason, f"sample: {error.detail}{rest}"))
    if counts.questions_in:
        counts.questions_quarantined[error.reason] += counts.questions_in
    if counts.responses_in:
        counts.quarantined[error.reason] += counts.responses_in
    return dialogue


def _read_questions(label: Label, num_turns: int) -> list[_Question]:
    """Questions in the order they are asked (rule 1); LabelError sets the sample aside."""
    if not label.questions:
        raise LabelError(reasons.NO_QUESTION, "the label has no question")
    questions = []
    for position, item in enumerate(label.questions):
        try:
            text, asked_s = clean_text(item), _time(item, "time")
        except LabelError as error:
            raise LabelError(error.reason, f"question {position}: {error.detail}") from None
        turn = math.ceil(asked_s)
        if turn >= num_turns:
            detail = f"question {position}: asked at {asked_s} s, the last turn begins at {num_turns - 1} s"
            raise LabelError(reasons.QUESTION_AFTER_END, detail)
        questions.append(_Question(asked_s, position, text, turn))
    questions.sort(key=lambda question: (question.asked_s, question.position))
    return questions


def _time(item: Mapping[str, Any], key: str) -> float:
    try:
        value = parse_time(item.get(key))
    except ValueError as error:
        raise LabelError(reasons.UNREADABLE_TIME, f"{key}: {error}") from None
    if value is None:
        raise LabelError(reasons.UNREADABLE_TIME, f"{key} is empty")
    return value


def _given(value: object) -> bool:
    return value is not None and (not isinstance(value, str) or bool(value.strip()))


def _read_answers(label: Label, duration_s: float, dialogue: Dialogue) -> list[_Answer]:
    """Responses with readable times that lie in the video; the others go to quarantine (rule 4)."""
    answers = []
    for position, item in enumerate(label.responses):
        try:
            answers.append(_read_answer(item, position, duration_s))
        except LabelError as error:
            detail = f"response {position}: {error.detail}"
            dialogue.quarantine.append(Quarantined(label.sample_id, error.reason, detail))
            dialogue.counts.quarantined[error.reason] += 1
    return answers


def _read_answer(item: Mapping[str, Any], position: int, duration_s: float) -> _Answer:
    text = clean_text(item)
    start_s: float | None
    if _given(item.get("st_time")) or _given(item.get("end_time")):
        start_s, end_s = _time(item, "st_time"), _time(item, "end_time")
        if end_s < start_s:
            raise LabelError(reasons.ENDS_BEFORE_START, f"starts at {start_s} s and ends at {end_s} s")
    else:
        start_s, end_s = None, _time(item, "time")
    begins_s = end_s if start_s is None else start_s
    if begins_s >= duration_s:
        detail = f"starts at {begins_s} s, the video ends at {duration_s} s"
        raise LabelError(reasons.RESPONSE_AFTER_END, detail)
    return _Answer(start_s, end_s, position, text)


def _due(
    answers: list[_Answer], questions: list[_Question], counts: Counts
) -> list[tuple[_Answer, _Question]]:
    """Each answer with its question, in order of (end, position), without those before it (rule 3)."""
    asked = [question.asked_s for question in questions]
    due: list[tuple[_Answer, _Question]] = []
    standing: dict[int, tuple[_Answer, _Question]] = {}  # per question, the last instant at or before it
    for answer in sorted(answers, key=lambda answer: (answer.end_s, answer.position)):
        index = max(0, bisect_right(asked, answer.end_s) - 1)
        question = questions[index]
        if answer.end_s > question.asked_s:
            due.append((answer, question))
        elif answer.start_s is None:
            counts.before_question += index in standing
            standing[index] = (answer, question)
        else:
            counts.before_question += 1
    if standing:
        due = sorted([*standing.values(), *due], key=lambda pair: (pair[0].end_s, pair[0].position))
    return due


def _place(due: list[tuple[_Answer, _Question]], num_turns: int, dialogue: Dialogue) -> dict[int, str]:
    """Text per Response turn: the first free turn from the answer's own on, else the last turn (rule 4)."""
    counts, last = dialogue.counts, num_turns - 1
    texts: dict[int, str] = {}
    for answer, question in due:
        own = math.ceil(answer.end_s)
        if own < question.turn:
            own = question.turn
        turn = own if own < last else last
        while turn < last and turn in texts:
            turn += 1
        if turn in texts:
            texts[turn] = f"{texts[turn]}\n{answer.text}"
            counts.joined += 1
        else:
            texts[turn] = answer.text
            counts.shifted += turn > own
            counts.moved_to_end += turn < own
        counts.placed += 1
        end_s = answer.end_s if answer.end_s > question.asked_s else question.asked_s
        start_s = end_s if answer.start_s is None else answer.start_s
        dialogue.events.append(Event(start_s, end_s, answer.text, question.turn))
    return texts


def _states(num_turns: int, due: list[tuple[_Answer, _Question]], texts: dict[int, str]) -> bytearray:
    """(turns,) Standby where an event shows (rule 2), never over a Response, Silence elsewhere."""
    states = bytearray(num_turns)
    for answer, question in due:
        if answer.start_s is not None:
            first = max(math.ceil(answer.start_s), question.turn)
            stop = min(math.ceil(answer.end_s), num_turns)
            if first < stop:
                states[first:stop] = bytes([STANDBY]) * (stop - first)
    for turn in texts:
        states[turn] = RESPONSE
    return states
