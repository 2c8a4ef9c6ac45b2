"""What a clock without eyes scores on an OVO-Bench annotation file: it knows task, turn and delay only.

It is fitted on the file itself, on OTHER videos: the videos are dealt into folds, and a point is answered by
the answers that were right at the nearest points of the same task in the other folds. (`clock.py` is the one
fitted on training dialogues, for the world's benchmark.)

Placement says from when the delay counts. `online`: REC and SSR from 0 s, CRR from `ask_time`, letter
questions from their own query. `released`: as the released code places questions, SSR at its step's true
start and REC 3 s before the first true start (reference.md, defect 9); what that lifts is what the placement
gives away.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from components.core.seeds import rng
from components.evaluate.answers import LETTERS
from components.evaluate.ovo_format import GROUP_OF, Entry, truths

FOLDS = 5
NEAREST = 20
RELEASED_LEAD_S = 3.0
Placement = Literal["online", "released"]
Given = dict[tuple[str, Any], list[str | None]]


@dataclass(frozen=True)
class Moment:
    """One test point as a clock sees it, its truth, and what may be answered there."""

    key: tuple[str, Any]
    video: str
    turn: int
    delay: float
    truth: str
    allowed: tuple[str, ...]  # empty: any count


def video_of(entry: Entry) -> str:
    """The entry's video; an entry that names none stands alone."""
    return str(entry.get("video", f"{entry['task']}-{entry['id']}"))


def moments(entry: Entry, placement: Placement) -> Iterator[Moment]:
    """The points of one entry."""
    task = entry["task"]
    key = (task, entry["id"])
    if GROUP_OF[task] != "forward":
        allowed = tuple(LETTERS[: len(entry["options"])])
        turn = math.floor(entry.get("realtime", 0))
        yield Moment(key, video_of(entry), turn, 0.0, truths(entry)[0], allowed)
        return
    for point, truth in zip(entry["test_info"], truths(entry), strict=True):
        delay = point["realtime"] - asked_s(entry, point.get("step"), placement)
        allowed = () if task == "REC" else ("No", "Yes")
        yield Moment(key, video_of(entry), math.floor(point["realtime"]), delay, truth, allowed)


def asked_s(entry: Entry, step: str | None, placement: Placement) -> float:
    """When a forward question is asked, in seconds."""
    if placement == "released" and entry["task"] == "SSR" and step in entry.get("all_steps", ()):
        return float(entry["start_time"][entry["all_steps"].index(step)])
    if placement == "released" and entry["task"] == "REC" and entry.get("start_times"):
        return max(0.0, float(entry["start_times"][0]) - RELEASED_LEAD_S)
    return float(entry.get("ask_time", 0))


def clock_answers(
    entries: Sequence[Entry],
    *,
    seed: int,
    placement: Placement = "online",
    folds: int = FOLDS,
    nearest: int = NEAREST,
) -> Given | None:
    """The clock's answers per (task, entry id), one per point; None with fewer than two videos.

    Args:
        entries: annotation entries.
        seed: of the folds.
        placement: from when the delay counts.
        folds: how many; a point's own video is never among those it is answered from.
        nearest: how many points of the other folds vote.

    """
    videos = sorted({video_of(entry) for entry in entries})
    if len(videos) < 2:
        return None
    order = rng(seed, "clock folds").permutation(len(videos))
    fold_of = {videos[int(place)]: number % min(folds, len(videos)) for number, place in enumerate(order)}
    given: Given = {(entry["task"], entry["id"]): [] for entry in entries}
    points: dict[str, list[Moment]] = {}
    for entry in entries:
        points.setdefault(entry["task"], []).extend(moments(entry, placement))
    for same_task in points.values():
        for moment, answer in zip(same_task, answer_task(same_task, fold_of, nearest), strict=True):
            given[moment.key].append(answer)
    return given


def answer_task(points: Sequence[Moment], fold_of: dict[str, int], nearest: int) -> list[str]:
    """The answers to all points of one task, in order."""
    place_P2 = np.array([[scaled(point.turn), scaled(point.delay)] for point in points])
    fold_P = np.array([fold_of[point.video] for point in points])
    answers = []
    for number, point in enumerate(points):
        others = np.flatnonzero(fold_P != fold_P[number])
        distance = np.abs(place_P2[others] - place_P2[number]).sum(axis=1)
        voters = others[np.argsort(distance, kind="stable")[:nearest]]
        answers.append(elect([points[int(voter)].truth for voter in voters], point.allowed))
    return answers


def scaled(seconds: float) -> float:
    """Seconds on a scale where ratios matter: 5 s and 10 s lie as far apart as 100 s and 200 s."""
    return math.copysign(math.log1p(abs(seconds)), seconds)


def elect(votes: Sequence[str], allowed: tuple[str, ...]) -> str:
    """The allowed answer with most votes, the first of equals; `0`, `A` or `No` without a vote."""
    counted = Counter(vote for vote in votes if not allowed or vote in allowed)
    return min(counted, key=lambda text: (-counted[text], text), default=allowed[0] if allowed else "0")
