"""Time-sensitive questions (paper, section on data): change points -> a question with several timed answers.

The vision model says what changes when; the text model says which of these changes answer one question and
in which words. Times come from the first alone: the second names changes by their numbers.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from components.annotate.engine import edges, refined, words
from components.annotate.engine.asker import Asker
from components.annotate.engine.described import Described, ask_about
from components.annotate.engine.looks import Looks
from components.annotate.engine.section import Settings
from components.annotate.engine.seen import open_clips, whole_questions
from components.annotate.engine.spans import EMPTY, OUTSIDE, span
from components.annotate.engine.step import Question, Step
from components.annotate.samples import Clip
from components.annotate.schemas import NUMBER, REAL, WORD, listing, one_of, record
from components.protocol import reasons

NOTHING_CHANGES, NOTHING_ASKED = "nothing_changes", "nothing_asked"
UNKNOWN_CHANGE, OUT_OF_ORDER, REPEATS, ONE_ANSWER = "unknown_change", "out_of_order", "repeats", "one_answer"
VALUE_WORDS, QUERY_WORDS = 10, 16
ASPECTS = ("attribute", "position", "action", "count", "scene")
KINDS = ("state", "count")
Change = dict[str, Any]

CHANGES = Step(
    "tsqa.changes",
    record(
        changes=listing(
            record(subject=WORD, aspect=one_of(*ASPECTS), start=REAL, end=REAL, before=WORD, after=WORD)
        )
    ),
    "vision",
    4096,
    lambda question: {
        "changes": [
            {
                "subject": "the light",
                "aspect": "attribute",
                "start": float(n),
                "end": float(n),
                "before": f"value {n}",
                "after": f"value {n + 1}",
            }
            for n in range(1, min(9, len(question.told["seconds"])))
        ]
    },
)
EDGE = edges.step_of("tsqa")
QUESTION = Step(
    "tsqa.question",
    record(
        questions=listing(
            record(
                kind=one_of(*KINDS),
                query=WORD,
                first=WORD,
                answers=listing(record(change=NUMBER, text=WORD)),
            )
        )
    ),
    "text",
    2048,
    lambda question: {"questions": []},
)


def describe(clips: Sequence[Clip], asker: Asker, looks: Looks, settings: Settings) -> list[Described]:
    """Series of each clip; one without a question that has two answers is dropped and counted."""
    works = [Described(clip) for clip in clips]
    asked = whole_questions(works, looks, settings.frames)
    found: dict[str, list[Change]] = {}
    for (one, _), answer in zip(asked, ask_about(asker, CHANGES, asked, needed=True), strict=True):
        if answer is not None:
            found[one.clip.video_id] = _usable(one, answer["changes"])
    seen = [(one, found[one.clip.video_id]) for one in open_clips(works)]
    again = refined.changes(EDGE, asker, looks, settings, seen)
    changes = {one.clip.video_id: _numbered(one, rows, again[one.clip.video_id]) for one, rows in seen}
    worded = [(one, Question({"changes": changes[one.clip.video_id]})) for one in open_clips(works)]
    for (one, _), answer in zip(worded, ask_about(asker, QUESTION, worded, needed=True), strict=True):
        if answer is not None:
            _ask(one, changes[one.clip.video_id], answer["questions"])
    return works


def _usable(one: Described, answers: Sequence[Change]) -> list[Change]:
    """The changes that can be used; one that cannot is set aside.

    A series that lacks a change is not told from a whole one, so its subject goes with it.
    """
    found, lost = list[Change](), set[str]()
    for number, answer in enumerate(answers):
        texts = {key: words.plain(answer[key]) for key in ("subject", "before", "after")}
        subject = texts["subject"].casefold()
        where = f"{CHANGES.name} {number} {texts['subject'][:40]!r}"
        place = span(one, where, answer["start"], answer["end"], instant=True)
        fine = words.usable(one, where, [texts["subject"], texts["after"]], most_words=QUERY_WORDS)
        before_fine = not texts["before"] or words.usable(one, where, [texts["before"]])
        change = {**texts, "aspect": answer["aspect"]}
        if place is None or not fine or not before_fine:
            lost.add(subject)
        elif (change := change | {"start": place[0], "end": place[1]}) in found:
            one.refuse(REPEATS, f"{where}: the same change again")
        else:
            found.append(change)
    return _without(one, found, lost)


def _without(one: Described, changes: Sequence[Change], lost: set[str]) -> list[Change]:
    """The changes of all subjects but those in `lost`."""
    kept = [change for change in changes if change["subject"].casefold() not in lost]
    one.counts["changes_of_lost_subjects"] += len(changes) - len(kept)
    return kept


def _numbered(one: Described, rows: Sequence[Change], again: Sequence[Change | None]) -> list[Change]:
    """The changes at the times of a second look, numbered in order of time; one that lost it is set aside."""
    lost = {row["subject"].casefold() for row, change in zip(rows, again, strict=True) if change is None}
    found = list[Change]()
    for change in again:
        if change is not None and change in found:
            one.refuse(REPEATS, f"{EDGE.name} {change['subject'][:40]!r}: the same change again")
        elif change is not None:
            found.append(change)
    kept = _without(one, found, lost)
    one.counts["changes"] += len(kept)
    if not kept and one.open:
        one.drop(NOTHING_CHANGES, f"{CHANGES.name}: no change that can be used")
    kept.sort(key=lambda change: (change["end"], change["start"], change["subject"]))
    return [{"number": number, **change} for number, change in enumerate(kept)]


def _ask(one: Described, changes: Sequence[Change], questions: Sequence[dict[str, Any]]) -> None:
    """Take the questions whose answers are all right; of two about the same only the first."""
    series: list[dict[str, Any]] = []
    for number, question in enumerate(questions):
        query = words.plain(question["query"])
        where = f"{QUESTION.name} {number} {query[:40]!r}"
        if query.casefold() in {entry["query"].casefold() for entry in series}:
            one.refuse(REPEATS, f"{where}: asked already")
            continue
        values = _values(one, where, changes, question)
        if values and words.usable(one, where, [query], most_words=QUERY_WORDS):
            series.append({"kind": question["kind"], "query": query, "values": values})
            one.counts["answers"] += len(values)
    if series:
        one.data = {"series": series}
    else:
        one.drop(NOTHING_ASKED, f"{QUESTION.name}: no question with two answers from {len(changes)} changes")


def _values(
    one: Described, where: str, changes: Sequence[Change], question: dict[str, Any]
) -> list[dict[str, Any]]:
    """The timed answers of one question; none where anything is wrong with one of them."""
    picked = [int(answer["change"]) for answer in question["answers"]]
    texts = [words.plain(text) for text in [question["first"], *(a["text"] for a in question["answers"])]]
    wrong = _wrong(changes, picked, texts, question["kind"], one.clip.duration_s)
    if wrong:
        one.refuse(wrong, f"{where}: changes {picked!r:.60}, answers {texts!r:.80}")
        return []
    if not words.usable(one, where, [text for text in texts if text], most_words=VALUE_WORDS):
        return []
    chosen = [changes[number] for number in picked]
    if question["kind"] == "count":
        return [
            {"start": change["start"], "end": change["end"], "text": text}
            for change, text in zip(chosen, texts[1:], strict=True)
        ]
    starts = [0.0, *(change["end"] for change in chosen)]
    ends = [*starts[1:], one.clip.duration_s]
    return [
        {"start": start, "end": end, "text": text}
        for start, end, text in zip(starts, ends, texts, strict=True)
        if text
    ]


def _wrong(
    changes: Sequence[Change], picked: Sequence[int], texts: Sequence[str], kind: str, duration_s: float
) -> str:
    """Why changes and answers make no series; empty if they do. `texts[0]` may be empty: not known."""
    if not all(0 <= number < len(changes) for number in picked):
        return UNKNOWN_CHANGE
    ends = [changes[number]["end"] for number in picked]
    starts = [changes[number]["start"] for number in picked]
    if any(later <= sooner for sooner, later in pairwise([0.0, *ends])):
        return OUT_OF_ORDER
    if kind == "count" and any(start == end for start, end in zip(starts, ends, strict=True)):
        return EMPTY
    if kind == "state" and ends and ends[-1] >= duration_s:
        return OUTSIDE  # no frame shows the last value
    values = texts if kind == "state" and texts[0] else texts[1:]  # a count of nothing is no answer
    said = [text.casefold() for text in values]
    if not all(said):
        return reasons.EMPTY_TEXT
    if any(sooner == later for sooner, later in pairwise(said)):
        return REPEATS
    return "" if len(set(said)) > 1 else ONE_ANSWER
