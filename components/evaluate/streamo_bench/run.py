"""Running a set: a model watches each task's video online, with the one question on its turn, to the end.

What runs sees `Question`s, which hold no truth; the truths come back only in `score`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.core.errors import DataError
from components.evaluate.run_models import Runner
from components.evaluate.streamo_bench.format import BenchSet
from components.infer.plans import Plan, Watched


@dataclass(frozen=True)
class Question:
    """What a task tells the model, and when."""

    id: str
    video_id: str
    text: str
    asked_s: int


def questions(bench: BenchSet) -> list[Question]:
    """The tasks without their truths, in the order of the set."""
    return [Question(task.id, task.video_id, task.question, task.asked_s) for task in bench.tasks]


def watch(
    runner: Runner, asked: Sequence[Question], turns: Mapping[str, int], label: str
) -> list[dict[str, Any]]:
    """Watch every question's video; rows of `predictions.json` in the order of `asked`.

    Args:
        runner: with the model in use.
        asked: the questions.
        turns: of each video.
        label: of the progress line.

    Raises:
        DataError: a video has ended before its question.

    """
    plans = [plan(question, turns) for question in asked]
    watched = runner.watch(plans, label)
    return [row(question, one) for question, one in zip(asked, watched, strict=True)]


def plan(question: Question, turns: Mapping[str, int]) -> Plan:
    """The whole video with the question on the turn of its second (rule of time 6)."""
    total = turns[question.video_id]
    if question.asked_s >= total:
        raise DataError(
            f"task {question.id}: asked at {question.asked_s} s, but {question.video_id} has {total} turns; "
            "make the set from annotations of these very videos"
        )
    return Plan(question.video_id, ((question.asked_s, question.text),), total, float(total))


def row(question: Question, watched: Watched) -> dict[str, Any]:
    """One stream of `predictions.json`."""
    return {
        "id": question.id,
        "video": question.video_id,
        "asks": [{"text": question.text, "at": question.asked_s}],
        "states": [turn.state.label for turn in watched.turns],
        "texts": {str(turn.turn): turn.text for turn in watched.turns if turn.text is not None},
    }
