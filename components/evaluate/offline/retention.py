"""What conversion to a stream costs: base and trained model on the same offline questions (paper, Offline).

The questions are the held-out set's own multiple-choice entries. Their sets are matched (each option is right
in one clip, at one second), so nothing but the pictures tells the members apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.core.hashing import fingerprint
from components.evaluate.compare import paired
from components.evaluate.offline.choice import Item, floor_credits, scored
from components.evaluate.ovo_format import Entry
from components.evaluate.ovo_map import LetterMap
from components.evaluate.scheme import Scheme, with_intervals

GROUPS = {
    "frame": ("OCR", "ACR", "ATR", "STU", "OJR"),  # the picture at the query's second decides
    "clip": ("EPM", "FPD", "HLD"),
    "order": ("ASI",),
}
GROUP_OF = {task: group for group, tasks in GROUPS.items() for task in tasks}
SCHEME = Scheme(GROUPS, "groups")


@dataclass(frozen=True)
class Asked:
    """An offline question: `times` are the seconds of its pictures, rising."""

    id: str
    task: str
    video: str
    question: str
    options: tuple[str, ...]
    truth: int
    match: str
    times: tuple[int, ...]

    @property
    def group(self) -> str:
        """`frame`, `clip` or `order`."""
        return GROUP_OF[self.task]


@dataclass(frozen=True)
class Answered:
    """One model's answers to all questions, by question, on the own and on exchanged pictures."""

    texts: Sequence[str]
    exchanged: Sequence[str] | None = None


def make_questions(entries: Sequence[Entry], turns: Mapping[str, int]) -> list[Asked]:
    """The multiple-choice entries as offline questions, in order of the file.

    Args:
        entries: annotation entries (OVO-Bench format); those of other tasks are left out.
        turns: turns of every usable video; a query after the end is asked at the last turn (rule 6).

    """
    out = []
    for entry in entries:
        if entry["task"] not in GROUP_OF:
            continue
        last = min(int(entry["realtime"]), turns[entry["video"]] - 1)
        times = (last,) if GROUP_OF[entry["task"]] == "frame" else tuple(range(last + 1))
        match = str(entry.get("match", f"{entry['task']}-{entry['id']}"))
        options = tuple(entry["options"])
        name = f"{entry['task']}-{entry['id']}"
        out.append(
            Asked(
                name,
                entry["task"],
                entry["video"],
                entry["question"],
                options,
                int(entry["gt"]),
                match,
                times,
            )
        )
    return out


class Retention:
    """Scores of any number of models on one list of questions."""

    def __init__(self, questions: Sequence[Asked], seed: int):
        self.questions, self.seed = questions, seed
        self.items = [Item(q.id, q.task, q.video, q.options, q.truth) for q in questions]

    def credits(self, texts: Sequence[str], letters: LetterMap | None = None) -> list[float]:
        """1.0 for each answer that spells exactly the right option; `letters` counts how answers read."""
        reader = letters or LetterMap()
        found = [reader(text, item.options) for text, item in zip(texts, self.items, strict=True)]
        return [float(letter == item.letter) for letter, item in zip(found, self.items, strict=True)]

    def table(self, credits: Sequence[float]) -> dict[str, Any]:
        """TABLE + intervals."""
        return with_intervals(scored(self.items, credits), SCHEME, self.seed)

    def compared(self, before: Sequence[float], after: Sequence[float]) -> dict[str, Any]:
        """`after` minus `before` on the same resamples of videos, for every task, group and the total."""
        found = paired(scored(self.items, after), scored(self.items, before), SCHEME, self.seed)
        return {
            "tasks": {task: renamed(row) for task, row in found["tasks"].items()},
            "groups": {group: renamed(row) for group, row in found["groups"].items()},
            "total": renamed(found["total"]),
        }

    def scores(self, before: Answered, after: Answered) -> dict[str, Any]:
        """`scores.json` without the running half's `steps`, `form` and `at_steps`."""
        floors = {name: self.table(credit) for name, credit in floor_credits(self.items).items()}
        for name, answered in (("exchanged_before", before), ("exchanged_after", after)):
            if answered.exchanged is not None:
                floors[name] = self.table(self.credits(answered.exchanged))
        reads = {"before": LetterMap(), "after": LetterMap()}
        old = self.credits(before.texts, reads["before"])
        new = self.credits(after.texts, reads["after"])
        return {
            "schema": 1,
            "suite": "offline",
            "n": len(self.items),
            "videos": len({item.video for item in self.items}),
            "before": self.table(old),
            "after": self.table(new),
            "retention": self.compared(old, new),
            "floors": floors,
            "reads": {name: dict(sorted(counted.counts.items())) for name, counted in reads.items()},
        }

    def at_step(self, before: Sequence[str], texts: Sequence[str]) -> dict[str, Any]:
        """The part of `scores.json` of a model kept earlier in training."""
        letters = LetterMap()
        old, new = self.credits(before), self.credits(texts, letters)
        return {
            "after": self.table(new),
            "retention": self.compared(old, new),
            "reads": dict(sorted(letters.counts.items())),
        }

    def points(self, before: Sequence[str], after: Sequence[str], heldout: str) -> dict[str, Any]:
        """`points.json`: whether each question was answered rightly before and after."""
        both = zip(self.questions, self.credits(before), self.credits(after), strict=True)
        points = [
            {
                "id": question.id,
                "group": question.group,
                "task": question.task,
                "video_id": question.video,
                "match": question.match,
                "before": old == 1,
                "after": new == 1,
            }
            for question, old, new in both
        ]
        rows = sorted(points, key=lambda row: str(row["id"]))
        return {"schema": 1, "suite": "offline", "heldout": heldout, "points": rows}


def renamed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the paired comparison in this suite's words."""
    kept = {key: row[key] for key in ("difference", "interval", "p", "n")}
    return {"before": row["second"], "after": row["first"], **kept}


def heldout_of(questions: Sequence[Asked], hashes: Mapping[str, str], *, max_new_tokens: int) -> str:
    """Fingerprint of what is asked: questions, options, truths, pictures; nothing of a model."""
    rows = [
        {
            "id": question.id,
            "question": question.question,
            "options": list(question.options),
            "truth": question.truth,
            "times": list(question.times),
            "video": hashes[question.video],
        }
        for question in sorted(questions, key=lambda question: question.id)
    ]
    return fingerprint({"suite": "offline", "max_new_tokens": max_new_tokens, "questions": rows})
