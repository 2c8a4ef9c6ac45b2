"""The words in which OVO-Bench's entries are asked; the annotation file holds options, activities and steps.

Forward tasks of a stream are asked as in suite `ovo` (`run_queries.question_of`): training wordings for REC
and SSR, the entry's own question for CRR.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from components.evaluate.answers import LETTERS
from components.evaluate.ovo_format import GROUP_OF, Entry
from components.evaluate.run_queries import question_of

LETTER = "Answer with the letter of the right option."
POLLED = {
    "REC": "How often has this been done up to the last frame: {activity}? Answer with a number.",
    "SSR": "Is this step being carried out in the last frame: {step}? Answer Yes or No.",
    "CRR": "{question}\nIs what has been shown enough to answer this? Answer Yes or No.",
}


def letter_question(question: str, options: Sequence[str]) -> str:
    """The question, one option a line behind its letter, and what is wanted; one turn of a stream."""
    shown = [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False)]
    return "\n".join([question, *shown, LETTER])


def streamed(entry: Entry, point: Mapping[str, Any]) -> str:
    """What a stream is asked for this entry or test point."""
    if GROUP_OF[entry["task"]] == "forward":
        return question_of(entry, point)
    return letter_question(entry["question"], entry["options"])


def polled(entry: Entry, point: Mapping[str, Any]) -> str:
    """What a model without streaming is asked at one query or test point."""
    wording = POLLED.get(entry["task"])
    if wording is None:
        return letter_question(entry["question"], entry["options"])
    return wording.format_map({**entry, **point})
