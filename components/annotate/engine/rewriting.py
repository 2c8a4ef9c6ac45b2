"""Captions rewritten without phrases about the video itself, grouped and named, by the text model."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.annotate.engine import words
from components.annotate.engine.asker import Asker
from components.annotate.engine.described import Described, ask_about
from components.annotate.engine.spans import Span
from components.annotate.engine.step import Question, Step
from components.annotate.schemas import FLAG, NUMBER, WORD, listing, record

MISMATCH, NOTHING_LEFT, ABSENT_IS_PRESENT = "rewrite_mismatch", "nothing_left", "absent_is_present"
REWRITTEN_WORDS = 16  # the prompt asks for eight
MOST_ABSENT = 2
Event = dict[str, Any]


def step_of(task: str) -> Step:
    """The question of one caption task."""
    event = record(number=NUMBER, keep=FLAG, text=WORD, group=WORD, name=WORD)
    return Step(
        f"{task}.rewrite", record(events=listing(event), absent=listing(WORD)), "text", 4096, _presumed
    )


def rewrite(
    step: Step, asker: Asker, wanted: Sequence[tuple[Described, Mapping[str, Sequence[Span]]]]
) -> list[tuple[Described, dict[str, Any]]]:
    """`events` and `absent` of each clip whose rewritten captions can all be used.

    Args:
        step: of this task.
        asker: whom to ask.
        wanted: clips with their captions and the spans of each.

    """
    listed = [(one, _numbered(captions)) for one, captions in wanted]
    asked = [(one, Question({"events": events})) for one, events in listed]
    answers = ask_about(asker, step, asked, needed=True)
    found = []
    for (one, events), answer in zip(listed, answers, strict=True):
        if answer is not None:
            kept = _rewritten(one, step, events, answer["events"])
            if one.open:
                found.append((one, {"events": kept, "absent": _absent(one, step, kept, answer["absent"])}))
    return found


def _numbered(captions: Mapping[str, Sequence[Span]]) -> list[Event]:
    """Every event once, in order of time."""
    spans = sorted((start, end, text) for text, places in captions.items() for start, end in places)
    return [
        {"number": number, "start": start, "end": end, "text": text}
        for number, (start, end, text) in enumerate(spans)
    ]


def _rewritten(one: Described, step: Step, events: Sequence[Event], answers: Sequence[Event]) -> list[Event]:
    """The events in the words of the answer; whatever is wrong with one drops the clip."""
    if sorted(int(answer["number"]) for answer in answers) != list(range(len(events))):
        given = [answer["number"] for answer in answers]
        one.drop(MISMATCH, f"{step.name}: expected each of {len(events)} numbers once, found {given!r:.80}")
        return []
    kept = []
    for answer in sorted(answers, key=lambda answer: int(answer["number"])):
        if not answer["keep"]:
            one.counts["left_out"] += 1
            continue
        event = events[int(answer["number"])]
        texts = {key: words.plain(answer[key]) for key in ("text", "group", "name")}
        if not _usable(one, f"{step.name} {event['number']}", texts):
            one.dropped = one.refused[-1][0]
            return []
        kept.append({"start": event["start"], "end": event["end"], **texts})
    if not kept:
        one.drop(NOTHING_LEFT, f"{step.name}: none of {len(events)} captions is one of an event")
    return kept


def _usable(one: Described, where: str, texts: Mapping[str, str]) -> bool:
    named = [texts["name"]] if texts["name"] else []
    spoken = [text for text in texts.values() if words.speaks_of_video(text)]
    for text in spoken:
        one.refuse(words.OF_THE_VIDEO, f"{where}: {text!r:.80}")
    fine = words.usable(one, where, [texts["text"], texts["group"], *named], most_words=REWRITTEN_WORDS)
    return fine and not spoken


def _absent(one: Described, step: Step, events: Sequence[Event], phrases: Sequence[str]) -> list[str]:
    """Phrases that name no event of the list, each once; they still have to be looked for."""
    present = {event[key].casefold() for event in events for key in ("text", "group", "name")}
    kept: list[str] = []
    for phrase in map(words.plain, phrases):
        where = f"{step.name} absent"
        if phrase.casefold() in present:
            one.refuse(ABSENT_IS_PRESENT, f"{where}: {phrase!r:.60}")
        elif phrase in kept:
            one.counts["absent_repeated"] += 1
        elif words.usable(one, where, [phrase], most_words=REWRITTEN_WORDS):
            kept.append(phrase)
    one.counts["absent_beyond"] += len(kept[MOST_ABSENT:])
    return kept[:MOST_ABSENT]


def _presumed(question: Question) -> Any:
    events = [
        {"number": event["number"], "keep": True, "text": event["text"], "group": "action", "name": ""}
        for event in question.told["events"]
    ]
    return {"events": events, "absent": ["a fall", "a jump"]}
