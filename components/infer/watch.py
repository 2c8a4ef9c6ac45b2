"""A video file watched as if it were live: pictures are decoded, shown and forgotten turn by turn."""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import DataError, UsageError
from components.infer.gated_streams import GatedSession
from components.infer.questions import turn_of
from components.infer.session import StreamSession, StreamTurn
from components.video.frames import Image, iter_frames_at, turn_times
from components.video.probe import probe

AT = re.compile(r"(?P<text>.*\S)\s*@\s*(?P<seconds>\d+(?:\.\d+)?)s?", re.DOTALL)


@dataclass(frozen=True)
class Question:
    """A question and the second it is asked."""

    text: str
    at_s: float = 0.0


def parse_question(argument: str) -> Question:
    """`text` or `text@seconds`; an @ that no number follows belongs to the text."""
    found = AT.fullmatch(argument)
    return Question(found["text"], float(found["seconds"])) if found else Question(argument)


def count_turns(path: Path) -> int:
    """Turns of a video file by its packets; DataError with the probe's reason if it cannot be watched."""
    seen = probe(path, quick=True)
    if seen.turns is None:
        raise DataError(f"{path}: {seen.reason}: {seen.detail}")
    return seen.turns


def pictures(path: Path, turns: int, k: int = 1) -> Iterator[list[Image]]:
    """The `k` pictures of each turn, in order; no more are held than the decoder's own order asks for."""
    early: dict[int, Image] = {}
    turn = 0
    for place, image in iter_frames_at(path, turn_times(turns, k)):
        early[place] = image
        while turn < turns and all(turn * k + j in early for j in range(k)):
            yield [early.pop(turn * k + j) for j in range(k)]
            turn += 1
    if turn < turns:
        raise DataError(f"{path}: the pictures of turn {turn} of {turns} could not be decoded")


def watch_file(
    session: StreamSession | GatedSession, path: Path, questions: Sequence[Question], *, fps: int = 1
) -> Iterator[tuple[StreamTurn, float]]:
    """Watch a file to its end; yields each turn with the milliseconds the session took for it.

    Raises:
        UsageError: `fps` below 1, or a question that has no turn left.
        DataError: the file cannot be watched.

    """
    if fps < 1:
        raise UsageError(f"frames a second must be a whole number from 1 on, got {fps}")
    turns = count_turns(path)
    for question in questions:
        session.ask(question.text, question.at_s)
        if turn_of(question.at_s) >= turns:
            raise UsageError(
                f"question {question.text!r} at {question.at_s:g} s: the last turn is {turns - 1}"
            )
    for images in pictures(path, turns, fps):
        begun = time.perf_counter()
        turn = session.push(images)
        yield turn, 1000 * (time.perf_counter() - begun)
