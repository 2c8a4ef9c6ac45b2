"""One clip on its way through a pipeline: what became of it, what was refused, which answers it rests on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.annotate.engine.asker import Asker
from components.annotate.engine.step import Question, Step
from components.annotate.samples import Clip
from components.core.hashing import fingerprint
from components.teacher.asking import TRANSIENT
from components.teacher.chat import Reply


@dataclass
class Described:
    """A clip, its description, and everything set aside on the way.

    Attributes:
        clip: the video.
        data: meets `SCHEMAS[task]`; None where the clip was dropped or is not finished.
        refused: (reason, detail) of each thing set aside.
        dropped: why the clip has no description; empty while it may still get one.
        counts: what was seen, clamped, left out as the rules say.
        answers: step name -> keys of the answers this clip rests on, in the order they were asked.
        unanswered: (reason, detail) of transient refusals; no product may be made while there are any.
        notes: plain JSON beside the labels, e.g. both spans of each caption.

    """

    clip: Clip
    data: dict[str, Any] | None = None
    refused: list[tuple[str, str]] = field(default_factory=list)
    dropped: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    answers: dict[str, list[str]] = field(default_factory=dict)
    unanswered: list[tuple[str, str]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    def refuse(self, reason: str, detail: str) -> None:
        """Set one thing aside; the clip goes on."""
        self.refused.append((reason, detail))

    def drop(self, reason: str, detail: str) -> None:
        """Set the whole clip aside."""
        self.refuse(reason, detail)
        self.dropped = self.dropped or reason

    @property
    def open(self) -> bool:
        """Whether the clip may still get a description."""
        return not self.dropped and not self.unanswered

    @property
    def provenance(self) -> dict[str, Any]:
        """The answers, and their fingerprint that each label bears."""
        return {"answers": self.answers, "fingerprint": fingerprint(self.answers)}


def ask_about(
    asker: Asker, step: Step, asked: Sequence[tuple[Described, Question]], *, needed: bool
) -> list[Any]:
    """The data of each answer, in order; None where there is none.

    Args:
        asker: whom to ask.
        step: the kind of question.
        asked: clips with a question each; a clip may come more than once.
        needed: whether a clip without the answer is dropped; else only the refusal is counted.

    """
    found = []
    outcomes = asker.ask(step, [question for _, question in asked])
    for (one, question), outcome in zip(asked, outcomes, strict=True):
        if isinstance(outcome, Reply):
            one.answers.setdefault(step.name, []).append(outcome.key)
            found.append(outcome.data)
            continue
        found.append(None)
        detail = f"{step.name} {place(question.told)}: {outcome.detail}"
        if outcome.reason in TRANSIENT:
            one.unanswered.append((outcome.reason, f"{one.clip.video_id}: {detail}"))
            continue
        one.answers.setdefault(step.name, []).append(outcome.key)
        (one.drop if needed else one.refuse)(outcome.reason, detail)
    return found


def place(told: Mapping[str, Any]) -> str:
    """Which question it was, in a few words."""
    if "caption" in told:
        return f"of {told['caption']!r:.60}"
    if "what" in told:
        return f"{told['edge']} {told['what']!r:.60}"
    seconds = told.get("seconds")
    return f"at {seconds[0]}-{seconds[-1]} s" if seconds else "of the whole list"
