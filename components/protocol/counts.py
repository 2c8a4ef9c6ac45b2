"""Conservation (rule 7 of the rules of time): nothing is lost uncounted."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Counts:
    """What became of the questions and responses of one sample, or of many when summed.

    `shifted`, `moved_to_end` and `joined` are disjoint parts of `placed`; the rest stands on its own turn.
    """

    questions_in: int = 0
    questions_placed: int = 0
    questions_quarantined: Counter[str] = field(default_factory=Counter)
    responses_in: int = 0
    placed: int = 0
    shifted: int = 0
    moved_to_end: int = 0
    joined: int = 0
    before_question: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Counts") -> None:
        """Add the counts of another sample to these."""
        for name in INTEGERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if other.questions_quarantined:
            self.questions_quarantined.update(other.questions_quarantined)
        if other.quarantined:
            self.quarantined.update(other.quarantined)

    def balanced(self) -> bool:
        """Whether rule 7 holds for questions and for responses."""
        responses = self.placed + self.before_question + self.quarantined.total()
        questions = self.questions_placed + self.questions_quarantined.total()
        return self.responses_in == responses and self.questions_in == questions

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        whole: dict[str, Any] = {name: getattr(self, name) for name in INTEGERS}
        whole["questions_quarantined"] = sorted_counts(self.questions_quarantined)
        whole["quarantined"] = sorted_counts(self.quarantined)
        return whole


INTEGERS = (
    "questions_in",
    "questions_placed",
    "responses_in",
    "placed",
    "shifted",
    "moved_to_end",
    "joined",
    "before_question",
)


def sorted_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """A plain dictionary in the order of its keys."""
    return {key: counts[key] for key in sorted(counts)}
