"""Offline questions and what the tiny base is trained on: one question a clip, so that the DAG runs whole."""

from collections.abc import Callable, Sequence
from typing import Any

from components.annotate.engine import edges, refined, words
from components.annotate.engine.asker import Asker
from components.annotate.engine.described import Described, ask_about
from components.annotate.engine.looks import Looks
from components.annotate.engine.section import Settings
from components.annotate.engine.seen import open_clips, whole_questions
from components.annotate.engine.step import Question, Step
from components.annotate.samples import Clip
from components.annotate.schemas import SCHEMAS

NO_SUCH_SECOND, NOTHING_ASKED, OUTSIDE = "not_a_given_second", "nothing_asked", "outside_video"
Data = dict[str, Any]


def step_of(task: str, presumed: Callable[[Question], Any]) -> Step:
    """The one question of a task."""
    return Step(f"{task}.ask", SCHEMAS[task], "vision", 8192, presumed)


def _presumed_offline(question: Question) -> Any:
    """Two things that become visible: where seconds are left out each is looked for again."""
    length = question.told["duration_s"]
    reveals = [{"query": f"sign {n}", "time": n * length / 3, "text": "a word"} for n in (1, 2)]
    return {"asks": [], "whole": [], "reveals": reveals}


OFFLINE = step_of("offline_qa", _presumed_offline)
EDGE = edges.step_of("offline_qa")
BASE = step_of("base_qa", lambda question: {"frames": [], "asks": [], "whole": []})


def describe(
    step: Step, edge: Step | None, clips: Sequence[Clip], asker: Asker, looks: Looks, settings: Settings
) -> list[Described]:
    """Each clip's questions and answers; one entry that cannot be used is set aside, the others stay.

    Args:
        step: the question.
        edge: asks when exactly something becomes visible; None where a task has no such times.
        clips: the videos.
        asker: whom to ask.
        looks: their frames.
        settings: how many frames.

    """
    works = [Described(clip) for clip in clips]
    asked = whole_questions(works, looks, settings.frames)
    kept: dict[str, Data] = {}
    for (one, question), answer in zip(asked, ask_about(asker, step, asked, needed=True), strict=True):
        if answer is not None:
            kept[one.clip.video_id] = _usable(one, step, question.told["seconds"], answer)
    if edge is not None:
        shown = [(one, kept[one.clip.video_id]["reveals"]) for one in open_clips(works)]
        for video_id, reveals in refined.reveals(edge, asker, looks, settings, shown).items():
            kept[video_id]["reveals"] = reveals
    for one in open_clips(works):
        _finish(one, step, kept[one.clip.video_id])
    return works


def _usable(one: Described, step: Step, seconds: Sequence[int], answer: Data) -> Data:
    """What can be used of an answer, list by list."""
    return {
        name: [
            entry
            for number, raw in enumerate(entries)
            if (entry := _entry(one, f"{step.name} {name}[{number}]", name, seconds, raw)) is not None
        ]
        for name, entries in answer.items()
    }


def _finish(one: Described, step: Step, kept: Data) -> None:
    one.counts.update({name: len(entries) for name, entries in kept.items()})
    if any(kept.values()):
        one.data = kept
    else:
        one.drop(NOTHING_ASKED, f"{step.name}: no entry that can be used")


def _entry(one: Described, where: str, name: str, seconds: Sequence[int], raw: Data) -> Data | None:
    """An entry in plain words; None where something is wrong with its texts or its time."""
    entry: Data = {key: words.plain(value) if isinstance(value, str) else value for key, value in raw.items()}
    texts = [value for value in entry.values() if isinstance(value, str)]
    if not words.usable(one, where, texts):
        return None
    if name == "reveals" and not 0 <= entry["time"] < one.clip.duration_s:
        one.refuse(OUTSIDE, f"{where}: {entry['time']} s of {one.clip.duration_s:g} s")
        return None
    if name in ("asks", "frames") and entry["time"] not in seconds:
        one.refuse(NO_SUCH_SECOND, f"{where}: {entry['time']} s")
        return None
    return entry if name != "frames" else _frame(one, where, entry)


def _frame(one: Described, where: str, entry: Data) -> Data | None:
    """A frame with those of its questions that can be used; one without any is set aside."""
    asks = [
        plain
        for number, ask in enumerate(entry["asks"])
        if (plain := _entry(one, f"{where}.asks[{number}]", "whole", (), ask)) is not None
    ]
    if not asks:
        one.refuse(NOTHING_ASKED, f"{where}: no question about the frame")
        return None
    return {**entry, "asks": asks}
