"""Annotation entries to the streams that answer them, without ground truth in the placement of a question.

Letter questions are asked on the turn of their own query and the stream ends there. REC, SSR and CRR are
asked at `ask_time` (turn 0 without one); SSR has one stream a step. A stream ends with its last test point.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from components.core.errors import DataError
from components.evaluate.ovo_format import GROUP_OF, Entry
from components.evaluate.streams import Stream, turn_of
from components.infer.plans import Plan, Watched

# Entries of the real OVO-Bench name an activity or a step, not a question: these are wordings of the training
# instructions (components/annotate/instructions: tsqa, event_caption).
COUNT = "keep telling me the {activity} count"
STEP = "is {step} going on?"


@dataclass(frozen=True)
class Query:
    """One stream of an entry: what it is scored as, and the plan to watch."""

    entry: Any
    task: str
    video: str  # of the entry; `plan.video` is the one shown
    question: str
    question_turn: int
    plan: Plan
    step: str | None = None


def make_queries(
    entries: Sequence[Entry], turns: Mapping[str, int], exchanged: Mapping[str, str] | None = None
) -> list[Query]:
    """The streams of all entries in order.

    Args:
        entries: annotation entries.
        turns: turns of every usable video.
        exchanged: shows another video in place of each entry's own (the control).

    Raises:
        DataError: an entry names a video that is not usable.

    """
    queries: list[Query] = []
    for entry in entries:
        if entry["video"] not in turns:
            where = f"benchmark entry {entry['task']} {entry['id']}"
            raise DataError(
                f"{where}: video {entry['video']} is not in the corpus manifest; run stage corpus again"
            )
        video = exchanged[entry["video"]] if exchanged else entry["video"]
        forward = GROUP_OF[entry["task"]] == "forward"
        queries += (
            forward_queries(entry, video, turns[video]) if forward else [choice(entry, video, turns[video])]
        )
    return queries


def choice(entry: Entry, video: str, turns: int) -> Query:
    """A letter question: asked, answered and, in a second column, forced on its own turn."""
    time_s = float(entry["realtime"])
    turn = turn_of(time_s, turns)
    plan = Plan(video, ((turn, entry["question"]),), turn + 1, time_s, force=True)
    return Query(entry["id"], entry["task"], entry["video"], entry["question"], turn, plan)


def forward_queries(entry: Entry, video: str, turns: int) -> list[Query]:
    """One stream a question: SSR asks one per step, REC and CRR one in all."""
    asked_s = float(entry.get("ask_time", 0))
    ends: dict[tuple[str, str | None], float] = {}
    for point in entry["test_info"]:
        key = (question_of(entry, point), point.get("step"))
        ends[key] = max(ends.get(key, 0.0), float(point["realtime"]))
    queries = []
    for (question, step), last_s in ends.items():
        asked = math.ceil(asked_s)  # rule of time 1
        plan = Plan(video, ((asked, question),), turn_of(last_s, turns) + 1, last_s)
        queries.append(Query(entry["id"], entry["task"], entry["video"], question, asked, plan, step))
    return queries


def question_of(entry: Entry, point: Mapping[str, Any]) -> str:
    """The words of a forward question: those of the point or entry, else the training wording."""
    given = point.get("question", entry.get("question"))
    if given:
        return str(given)
    return (
        COUNT.format(activity=entry["activity"])
        if entry["task"] == "REC"
        else STEP.format(step=point["step"])
    )


def to_stream(query: Query, watched: Watched) -> Stream:
    """What was watched, in the form the scorer reads."""
    return Stream(
        entry=query.entry,
        task=query.task,
        question_turn=query.question_turn,
        states=[turn.state.label for turn in watched.turns],
        texts={turn.turn: turn.text for turn in watched.turns if turn.text is not None},
        question=query.question,
        step=query.step,
        forced=watched.forced,
    )


def whole_clips(queries: Sequence[Query], turns: Mapping[str, int]) -> list[Plan]:
    """One standing question per video, watched to the video's end: for comparison with `streamo stream`.

    The first forward question of the video, else its first question. No score reads these streams.
    """
    chosen: dict[str, Plan] = {}
    for forward in (True, False):
        for query in queries:
            if (GROUP_OF[query.task] == "forward") is forward:
                chosen.setdefault(query.video, query.plan)
    return [
        replace(plan, turns=turns[video], until_s=float(turns[video]), force=False)
        for video, plan in sorted(chosen.items())
    ]
