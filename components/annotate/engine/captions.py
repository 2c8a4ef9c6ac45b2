"""Event and action captions (paper, section on data): caption, ground again, keep what agrees, rewrite.

A clip is kept only if the two spans of ALL its captions agree: a missed or misplaced event would teach
silence where something happened. For the same reason any caption at fault drops its clip, but for a repeat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.annotate.engine import edges, refined, rewriting, words
from components.annotate.engine.asker import Asker
from components.annotate.engine.described import Described, ask_about
from components.annotate.engine.looks import Looks
from components.annotate.engine.section import Settings
from components.annotate.engine.seen import open_clips, whole, whole_questions
from components.annotate.engine.spans import Span, agreement, span
from components.annotate.engine.step import Question, Step
from components.annotate.samples import Clip
from components.annotate.schemas import REAL, WORD, listing, record

NOTHING_CAPTIONED, DISAGREE, REPEATS = "nothing_captioned", "spans_disagree", "repeats"
ABSENT_HAPPENS = "absent_happens"
CAPTION_WORDS = 20  # the prompt asks for twelve
Captions = dict[str, list[Span]]  # caption -> its spans, in order of time


@dataclass(frozen=True)
class Steps:
    """The questions of one caption task."""

    caption: Step
    ground: Step
    edge: Step
    rewrite: Step


def steps_of(task: str) -> Steps:
    """Both tasks ask the same questions in words of their own."""
    spans = record(start=REAL, end=REAL)
    return Steps(
        Step(
            f"{task}.caption",
            record(events=listing(record(start=REAL, end=REAL, text=WORD))),
            "vision",
            2048,
            _presumed_captions,
        ),
        Step(f"{task}.ground", record(spans=listing(spans)), "vision", 512, _presumed_spans),
        edges.step_of(task),
        rewriting.step_of(task),
    )


def describe(
    steps: Steps, clips: Sequence[Clip], asker: Asker, looks: Looks, settings: Settings
) -> list[Described]:
    """Events of each clip whose captions all agree with their second grounding."""
    works = [Described(clip) for clip in clips]
    asked = whole_questions(works, looks, settings.frames)
    captions: dict[str, Captions] = {}
    for (one, _), answer in zip(asked, ask_about(asker, steps.caption, asked, needed=True), strict=True):
        if answer is not None:
            captions[one.clip.video_id] = _captions(one, steps, answer["events"])
    again = ground(
        steps, asker, looks, settings, [(one, list(captions[one.clip.video_id])) for one in open_clips(works)]
    )
    for one in open_clips(works):
        _compare(one, captions[one.clip.video_id], again[one.clip.video_id], settings.agreement)
    kept = [(one, captions[one.clip.video_id]) for one in open_clips(works)]
    captions |= refined.captions(steps.edge, asker, looks, settings, kept)
    described = rewriting.rewrite(
        steps.rewrite, asker, [(one, captions[one.clip.video_id]) for one in open_clips(works)]
    )
    _check_absent(steps, asker, looks, settings, described)
    for one, data in described:
        if one.open:
            one.data = data
    return works


def _captions(one: Described, steps: Steps, events: Sequence[dict[str, Any]]) -> Captions:
    """The captions of a clip; a fault drops it, a repeat is set aside."""
    found: Captions = {}
    fault = ""
    for number, event in enumerate(events):
        text = words.plain(event["text"])
        where = f"{steps.caption.name} {number} {text[:40]!r}"
        place = span(one, where, event["start"], event["end"])
        if place is None or not words.usable(one, where, [text], most_words=CAPTION_WORDS):
            fault = fault or one.refused[-1][0]
        elif place in found.get(text, []):
            one.refuse(REPEATS, f"{where}: [{place[0]:g}, {place[1]:g}) again")
        else:
            found.setdefault(text, []).append(place)
            one.counts["captions"] += 1
    if fault:
        one.dropped = fault
    elif not found:
        one.drop(NOTHING_CAPTIONED, f"{steps.caption.name}: no event")
    return {text: sorted(spans) for text, spans in found.items()}


def ground(
    steps: Steps,
    asker: Asker,
    looks: Looks,
    settings: Settings,
    wanted: Sequence[tuple[Described, list[str]]],
) -> dict[str, dict[str, list[Span] | None]]:
    """Where each caption of each clip happens, by video_id and caption; None where no answer can be used."""
    asked = [
        (one, whole(one, looks, settings.frames, caption=caption))
        for one, captions in wanted
        for caption in captions
    ]
    answers = ask_about(asker, steps.ground, asked, needed=False)
    found: dict[str, dict[str, list[Span] | None]] = {one.clip.video_id: {} for one, _ in wanted}
    for (one, question), answer in zip(asked, answers, strict=True):
        caption = question.told["caption"]
        found[one.clip.video_id][caption] = None if answer is None else _spans(one, steps, caption, answer)
    return found


def _spans(one: Described, steps: Steps, caption: str, answer: dict[str, Any]) -> list[Span] | None:
    where = f"{steps.ground.name} {caption[:40]!r}"
    places = [span(one, where, place["start"], place["end"]) for place in answer["spans"]]
    return None if None in places else sorted({place for place in places if place is not None})


def _compare(one: Described, first: Captions, again: dict[str, list[Span] | None], threshold: float) -> None:
    """Note both groundings of every caption; drop the clip unless all agree."""
    rows: list[dict[str, Any]] = []
    for caption, spans in first.items():
        second = again[caption]
        overlap = 0.0 if second is None else round(agreement(spans, second), 6)
        rows.append({"text": caption, "first": spans, "second": second, "iou": overlap})
        one.counts["grounded"] += 1
        one.counts["agreed"] += overlap >= threshold
    one.notes["grounded"] = rows
    apart = [row for row in rows if row["iou"] < threshold]
    if apart:
        worst = min(apart, key=lambda row: row["iou"])
        one.drop(
            DISAGREE,
            f"{len(apart)} of {len(rows)} captions below IoU {threshold:g}, the least "
            f"{worst['text']!r:.60}: {worst['first']} and {worst['second']}",
        )


def _check_absent(
    steps: Steps,
    asker: Asker,
    looks: Looks,
    settings: Settings,
    described: Sequence[tuple[Described, dict[str, Any]]],
) -> None:
    """Look for what is said not to happen: only what is looked for and not found may be asked for in vain."""
    wanted = [(one, data["absent"]) for one, data in described]
    found = ground(steps, asker, looks, settings, wanted)
    for one, data in described:
        spans = found[one.clip.video_id]
        for phrase in data["absent"]:
            if spans[phrase]:
                one.refuse(ABSENT_HAPPENS, f"{phrase!r:.60}: {spans[phrase]}")
        data["absent"] = [phrase for phrase in data["absent"] if spans[phrase] == []]


def _presumed_captions(question: Question) -> Any:
    """Eight events, each of a tenth of the video."""
    length = question.told["duration_s"] / 10
    return {
        "events": [
            {"start": n * length, "end": (n + 1) * length, "text": f"a person finished action {n}"}
            for n in range(8)
        ]
    }


def _presumed_spans(question: Question) -> Any:
    """Where `_presumed_captions` has put this caption, and nowhere for any other."""
    events = _presumed_captions(question)["events"]
    here = [event for event in events if event["text"] == question.told["caption"]]
    return {"spans": [{"start": event["start"], "end": event["end"]} for event in here]}
