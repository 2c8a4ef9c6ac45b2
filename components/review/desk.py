"""What the page asks for: a label, the states that edited responses give, and a verdict to keep."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from components.annotate import base_labels
from components.annotate.ground import TASK as GROUND
from components.annotate.review_rules import Response, faults, shape_fault, spans_only, spoken, with_numbers
from components.annotate.reviews import APPROVE, DATE, FIX, REJECT, VERDICTS, Review, label_sha256
from components.core.errors import DataError, UsageError
from components.protocol.convert import convert_sample, num_turns
from components.protocol.labels import video_id
from components.review.journal import Journal
from components.review.sample import RawLabel
from components.video.probe import probe
from components.video.root import MediaRoot

Json = dict[str, Any]


class Desk:
    """The labels one reviewer is shown, by number; answers are plain values for JSON.

    A reviewer sees their own earlier verdicts and nobody else's.
    """

    def __init__(self, labels: Sequence[RawLabel], media: MediaRoot, journal: Journal, reviewer: str):
        self.labels, self.media, self.journal, self.reviewer = list(labels), media, journal, reviewer
        self.sha256 = [label_sha256(label) for label in self.labels]
        places = {key: place for place, key in enumerate(zip(self._ids(), self.sha256, strict=True))}
        self.own: dict[int, Review] = {}
        for review in sorted(journal.read(), key=lambda review: review.date):
            place = places.get((review.label, review.sha256))
            if review.reviewer == reviewer and place is not None:
                self.own[place] = review
        self.duration = cache(self._duration)

    def _ids(self) -> list[str]:
        return [str(label["id"]) for label in self.labels]

    def session(self) -> Json:
        """Who reviews, and which verdicts there are."""
        verdicts = [
            self.own[place].verdict if place in self.own else None for place in range(len(self.labels))
        ]
        return {"reviewer": self.reviewer, "verdicts": verdicts}

    def video(self, number: int) -> Path:
        """The file of a label's video, below the media root."""
        return self.media.resolve(video_id(self.labels[number]))

    def turns(self, number: int) -> int:
        """Seconds of a label's video, each begun one counted."""
        return num_turns(self.duration(self.video(number)))

    def _duration(self, path: Path) -> float:
        found = probe(path, quick=True)
        if not found.ok or found.duration_s is None:
            raise DataError(f"{path.name}: {found.reason}: {found.detail}")
        return found.duration_s

    def show(self, number: int) -> Json:
        """One label with its states; responses with numbers for times, as the reviewer left them."""
        label, own = self.labels[number], self.own.get(number)
        duration_s = self.duration(self.video(number))
        made = self.made(number)
        now = list(own.response) if own and own.verdict == FIX else made
        return {
            "id": label["id"],
            "task": str(label.get("task_type") or ""),
            "kind": str(label.get("kind") or ""),
            "source": str(label.get("source") or ""),
            "video": video_id(label),
            "duration_s": duration_s,
            "turns": self.turns(number),
            "spans_only": spans_only(label),
            "texts_follow": label.get("task_type") == GROUND,
            "question": [with_numbers(item) for item in label.get("question", [])],
            "made": made,
            "own": {"verdict": own.verdict, "note": own.note} if own else None,
            **self.states(number, now),
        }

    def made(self, number: int) -> list[Response]:
        """The responses of the label itself."""
        return [with_numbers(item) for item in self.labels[number].get("response", [])]

    def states(self, number: int, responses: Any) -> Json:
        """What the label would be with these responses: states a turn, faults, and what would be set aside.

        `states` is null for labels that train the base model: they never become a stream.
        """
        label = self.labels[number]
        edited = self._edited(label, responses)
        duration_s = self.duration(self.video(number))
        found = faults(label, edited, duration_s)
        answer: Json = {
            "response": edited,
            "faults": [{"place": place, "text": text} for place, text in found],
            "states": None,
            "aside": [],
        }
        if label.get("task_type") != base_labels.TASK:
            dialogue = convert_sample(
                {**label, "response": edited}, num_turns(duration_s), duration_s=duration_s
            )
            answer["states"] = [
                {"state": turn.state.label, "text": turn.text, "questions": list(turn.questions)}
                for turn in dialogue.turns
            ]
            answer["aside"] = [f"{row.reason}: {row.detail}" for row in dialogue.quarantine]
        return answer

    def _edited(self, label: RawLabel, responses: Any) -> list[Response]:
        if not isinstance(responses, list):
            raise UsageError("expected a list of responses")
        fault = next(filter(None, map(shape_fault, responses)), None)
        if fault:
            raise UsageError(fault)
        return [spoken(item) for item in responses] if label.get("task_type") == GROUND else responses

    def decide(self, number: int, verdict: Any, responses: Any, note: Any) -> Json:
        """Keep a verdict; it is on disk when this returns.

        Raises:
            UsageError: no such verdict, an approval of changed responses, a fix that changes nothing.
            DataError: the fixed responses break a rule; the first is named.

        """
        if verdict not in VERDICTS or not isinstance(note, str):
            raise UsageError(f"expected one of {', '.join(VERDICTS)} and a note")
        edited = self._edited(self.labels[number], responses)
        self._check(number, verdict, edited)
        self.keep(number, verdict, edited if verdict == FIX else [], note.strip())
        return self.session()

    def _check(self, number: int, verdict: str, edited: list[Response]) -> None:
        changed = edited != self.made(number)
        if verdict == APPROVE and changed:
            raise UsageError("there are changes: fix keeps them, undo takes them back")
        if verdict == FIX and not changed:
            raise UsageError("nothing is changed: approve the label, or change it first")
        if verdict != REJECT:
            found = faults(self.labels[number], edited, self.duration(self.video(number)))
            if verdict == FIX and found:
                place, text = found[0]
                raise DataError(f"response {place + 1}: {text}" if place >= 0 else text)

    def keep(self, number: int, verdict: str, responses: list[Response], note: str) -> None:
        """Append the line of a verdict."""
        date = datetime.now(UTC).strftime(DATE)
        name = str(self.labels[number]["id"])
        review = Review(name, self.sha256[number], verdict, tuple(responses), self.reviewer, date, note)
        self.journal.append(review)
        self.own[number] = review
