"""Narration (paper, section on data): neighbouring seconds -> the one change -> the whole list cleaned."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from components.annotate.engine import words
from components.annotate.engine.asker import Asker
from components.annotate.engine.described import Described, ask_about
from components.annotate.engine.looks import Looks
from components.annotate.engine.section import Settings
from components.annotate.engine.seen import open_clips, see
from components.annotate.engine.step import Question, Step
from components.annotate.samples import Clip
from components.annotate.schemas import NUMBER, WORD, listing, record

NOTHING_CHANGES, NOTHING_USABLE, NOTHING_LEFT = "nothing_changes", "nothing_usable", "nothing_left"
UNKNOWN_LINE, OUT_OF_ORDER, REPEATS = "unknown_line", "out_of_order", "repeats"
LINE_WORDS = 12  # the prompt asks for about five

CHANGE = Step(
    "narration.change", record(change=WORD), "vision", 96, lambda question: {"change": "a person moves away"}
)
CLEAN = Step(
    "narration.clean",
    record(lines=listing(record(first=NUMBER, last=NUMBER, text=WORD))),
    "text",
    4096,
    lambda question: {"lines": [{"first": 0, "last": 0, "text": "a person moves away"}]},
)
Line = dict[str, Any]


def describe(clips: Sequence[Clip], asker: Asker, looks: Looks, settings: Settings) -> list[Described]:
    """Lines of each clip; one with nothing to narrate is dropped and counted."""
    works = [Described(clip) for clip in clips]
    lines = _changes(works, asker, looks)
    for one in open_clips(works):
        if not lines[one.clip.video_id]:
            _drop_without_lines(one)
    asked = [(one, Question({"lines": lines[one.clip.video_id]})) for one in open_clips(works)]
    for (one, _), answer in zip(asked, ask_about(asker, CLEAN, asked, needed=True), strict=True):
        if answer is not None:
            _clean(one, lines[one.clip.video_id], answer["lines"])
    return works


def _drop_without_lines(one: Described) -> None:
    """Nothing happens in the clip, or nobody can tell: an answer that was refused may have named a change."""
    pairs, lost = one.counts["pairs"], len(one.refused)
    if lost:
        one.drop(NOTHING_USABLE, f"{lost} of {pairs} pairs of seconds without an answer that can be used")
    else:
        one.drop(NOTHING_CHANGES, f"{pairs} pairs of seconds, no significant change")


def _changes(works: Sequence[Described], asker: Asker, looks: Looks) -> dict[str, list[Line]]:
    """The change of every pair of seconds that has one, at the later second, by video_id."""
    asked: list[tuple[Described, Question]] = []
    for one in works:
        images = see(one, looks, range(one.clip.last_turn + 1))
        for second, pair in enumerate(pairwise(images)):
            one.counts["pairs"] += 1
            if pair[0] == pair[1]:
                one.counts["still_pairs"] += 1
                continue
            asked.append((one, Question({"seconds": [second, second + 1]}, pair)))
    found: dict[str, list[Line]] = {one.clip.video_id: [] for one in works}
    answers = ask_about(asker, CHANGE, asked, needed=False)
    for (one, question), answer in zip(asked, answers, strict=True):
        text = "" if answer is None else words.plain(answer["change"])
        time = question.told["seconds"][1]
        if text and words.usable(one, f"{CHANGE.name} at {time} s", [text]):
            lines = found[one.clip.video_id]
            lines.append({"number": len(lines), "time": time, "text": text})
            one.counts["changes"] += 1
    return found


def _clean(one: Described, lines: Sequence[Line], answers: Sequence[Line]) -> None:
    """Take the cleaned lines; each stands at the time of the last line it was merged from.

    Lines that no cleaned one speaks of are what cleaning is for: they are counted as `left_out`.
    """
    kept: list[Line] = []
    spoken_of: set[int] = set()
    done = -1
    for answer in answers:
        first, last, text = int(answer["first"]), int(answer["last"]), words.plain(answer["text"])
        where = f"{CLEAN.name} lines {first}-{last}"
        if not 0 <= first <= last < len(lines):
            one.refuse(UNKNOWN_LINE, f"{where}: there are {len(lines)} lines")
            continue
        spoken_of.update(range(first, last + 1))
        if first <= done:
            one.refuse(OUT_OF_ORDER, f"{where}: line {done} is taken already")
        elif not words.usable(one, where, [text], most_words=LINE_WORDS):
            continue
        elif kept and kept[-1]["text"].casefold() == text.casefold():
            one.refuse(REPEATS, f"{where}: {text!r} again")
        else:
            kept.append({"time": lines[last]["time"], "text": text})
            one.counts["merged_lines"] += last - first
            done = last
    one.counts["left_out"] += len(lines) - len(spoken_of)
    if kept:
        one.data = {"lines": kept}
    else:
        one.drop(NOTHING_LEFT, f"{len(lines)} changes, none significant after cleaning")
