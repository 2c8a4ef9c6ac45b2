"""The scoring rules of OVO-Bench and the score table every policy and model is shown in.

Official rule (OVO-Bench's public score script): a letter question is right if the truth's letter occurs
anywhere in the answer; REC joins all digits of the answer and compares the strings; SSR and CRR accept `Y` or
`N` alone, else the substring `Yes` or `No`. A missing answer is wrong. Strict: the answer must lead with the
letter or the word and name no second one, or hold one single number (`answers`); whatever is strictly right
is also officially right.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.evaluate import scheme
from components.evaluate.answers import official_letter, strict_letter, text_of
from components.evaluate.ovo_format import GROUP_OF, GROUPS
from components.evaluate.scheme import Scheme

DIGITS = re.compile(r"\d+")
NUMBER = re.compile(r"[-\u2212]?\d+(?:[.,:]\d+)*")
LEADING_WORD = re.compile(r"[\s(\[\"'*]*(Yes|No)\b")
OTHER_WORD = {"Yes": re.compile(r"\bNo\b"), "No": re.compile(r"\bYes\b")}


@dataclass(frozen=True)
class PointScore:
    """One scored point: `credit` is 1 or 0 (a floor may use an expectation between them)."""

    task: str
    entry: Any
    index: int
    credit: float

    @property
    def id(self) -> str:
        """The id of the test point, e.g. `REC-12-0`: the first of entry 12."""
        return f"{self.task}-{self.entry}-{self.index}"


def official(task: str, answer: Any, truth: str, options: Sequence[str] = ()) -> bool:
    """Whether OVO-Bench's own rule accepts `answer` (any value); `options` matter to `strict` only."""
    if GROUP_OF[task] != "forward":
        return official_letter(answer, truth, options).letter == truth
    text, _ = text_of(answer)
    if text is None:
        return False
    if task == "REC":
        return "".join(DIGITS.findall(text)) == truth
    if text in ("Y", "N"):
        return text == truth[0]
    return truth in text


def strict(task: str, answer: Any, truth: str, options: Sequence[str] = ()) -> bool:
    """Whether `answer` (any value) says the truth and nothing else: leading letter or word, or one number."""
    if GROUP_OF[task] != "forward":
        return strict_letter(answer, options).letter == truth
    text, _ = text_of(answer)
    if text is None:
        return False
    if task == "REC":
        return NUMBER.findall(text) == [truth]
    if text in ("Y", "N"):
        return text == truth[0]
    word = LEADING_WORD.match(text)
    return word is not None and word[1] == truth and not OTHER_WORD[truth].search(text)


OVO = Scheme(GROUPS, "groups")


def table(points: Sequence[PointScore]) -> dict[str, Any]:
    """`tasks` (correct, total, accuracy), `groups` and `total` in percent: the shape of every score."""
    return scheme.table(points, OVO)
