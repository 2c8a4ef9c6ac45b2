"""Negatives on quiet footage: what happens in other clips is asked for where nothing was captioned.

A clip in which no event was found would be dropped, and no model would learn to stay silent on such footage.
Here events of other clips of the shard are looked for in it, by the question that grounds captions, and what
is not found may be asked for in vain. The two models' mistakes stand against each other: an event that both
the captions and this question miss is the only way to a wrong negative.
"""

from collections.abc import Sequence

from components.annotate.engine.asker import Asker
from components.annotate.engine.captions import ABSENT_HAPPENS, NOTHING_CAPTIONED, Steps, ground
from components.annotate.engine.described import Described
from components.annotate.engine.looks import Looks
from components.annotate.engine.rewriting import NOTHING_LEFT
from components.annotate.engine.section import Settings
from components.annotate.engine.seen import stride
from components.core.seeds import derive

QUIET = (NOTHING_CAPTIONED, NOTHING_LEFT)  # why a clip without an event was dropped
CLIPS, TOO_LONG = "quiet_clips", "quiet_too_long"
BATCH = 16  # clips whose frames are held at once


def negatives(
    steps: Steps, works: Sequence[Described], asker: Asker, looks: Looks, settings: Settings
) -> None:
    """Give quiet clips a description: no event, and up to `settings.quiet` phrases looked for in vain.

    Of a clip that a question cannot show second by second nothing is taken: its frames may hide an event
    (`quiet_too_long`). One in which nothing can be asked for in vain stays dropped.

    Args:
        steps: the questions of the caption task.
        works: all clips of the shard, described or dropped.
        asker: whom to ask.
        looks: the frames.
        settings: `quiet` phrases a clip, `frames` of a question.

    """
    phrases = _phrases(works)
    quiet = []
    for one in works:
        if one.dropped in QUIET and not one.unanswered:
            short = stride(one, settings.frames) == 1
            one.counts[CLIPS if short else TOO_LONG] += 1
            if short:
                quiet.append(one)
    for first in range(0, len(quiet), BATCH):
        wanted = [(one, _chosen(one, phrases, settings.quiet)) for one in quiet[first : first + BATCH]]
        found = ground(steps, asker, looks, settings, wanted)
        for one, chosen in wanted:
            spans = found[one.clip.video_id]
            one.notes["looked_for"] = [
                {"text": phrase, "of": phrases[phrase], "spans": spans.get(phrase)} for phrase in chosen
            ]
            for phrase in chosen:
                if spans.get(phrase):
                    one.refuse(ABSENT_HAPPENS, f"{phrase!r:.60}: {spans[phrase]}")
            _describe(one, [phrase for phrase in chosen if spans.get(phrase) == []])
        looks.forget()


def _phrases(works: Sequence[Described]) -> dict[str, str]:
    """What events of described clips are called, each with the first video that has one."""
    found: dict[str, str] = {}
    for one in works:
        for event in (one.data or {}).get("events", []):
            found.setdefault(event["name"] or event["group"], one.clip.video_id)
    return found


def _chosen(one: Described, phrases: dict[str, str], most: int) -> list[str]:
    """`most` phrases of a clip's own choice: another clip's new phrase moves few of them."""
    return sorted(phrases, key=lambda phrase: derive(0, "quiet", one.clip.video_id, phrase))[:most]


def _describe(one: Described, absent: list[str]) -> None:
    """The clip is dropped no longer, if there is anything to ask for in vain."""
    if not absent or one.dropped not in QUIET:
        return
    one.refused = [row for row in one.refused if row[0] != one.dropped]
    one.dropped, one.data = "", {"events": [], "absent": absent}
