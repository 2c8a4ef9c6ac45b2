"""Times to the second: a second look around each one that a question about a whole video gave coarsely.

Such a question shows a long video every so many seconds, and its answers are no finer. Here the seconds
around an answer are shown, all of them or again evenly apart until they are neighbours. An edge is taken only
where the frame before it was shown as well: it was seen to happen, not merely found to have happened.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.annotate.engine.asker import Asker
from components.annotate.engine.described import Described, ask_about
from components.annotate.engine.looks import Looks
from components.annotate.engine.seen import see
from components.annotate.engine.spans import Span
from components.annotate.engine.step import Question, Step
from components.annotate.schemas import WHOLE_OR_NONE, record

BEGINS, ENDS, CHANGES, VISIBLE = "begins", "ends", "changes", "visible"
NO_SUCH_SECOND, NOT_SEEN = "not_a_given_second", "edge_not_seen"
OPEN_END = "open_ends"


@dataclass
class Edge:
    """One time to be found.

    Attributes:
        one: the clip; refusals and counts go there.
        kind: BEGINS, ENDS, CHANGES or VISIBLE.
        what: a caption, or `subject (aspect): before -> after`.
        coarse: seconds, as the question about the whole video has it.
        low: first second of the window, whole.
        high: its last second.
        narrowed: whether `low` was found to be before the edge and `high` not.
        second: where it is; None until it is found.
        lost: whether it will not be found.

    """

    one: Described
    kind: str
    what: str
    coarse: float
    low: int
    high: int
    narrowed: bool = False
    second: float | None = None
    lost: bool = False

    @property
    def open(self) -> bool:
        """Whether it is still to be looked for."""
        return self.second is None and not self.lost and self.one.open


def step_of(task: str) -> Step:
    """The question of one task: `second` is null where no frame shows the edge."""
    return Step(f"{task}.edge", record(second=WHOLE_OR_NONE), "vision", 64, _presumed)


def around(
    one: Described,
    stride: int,
    kind: str,
    what: str,
    at: float,
    *,
    since: float = 0.0,
    others: Sequence[Span] = (),
) -> Edge:
    """The edge at about `at`, to be looked for a stride to either side.

    Args:
        one: the clip.
        stride: seconds between two frames of the question that gave `at`.
        kind: of the edge.
        what: is looked for.
        at: seconds.
        since: the window begins no earlier: of an end, where the span starts.
        others: spans of the same kind; the window reaches into none of them, since it would show two edges.

    """
    last = one.clip.last_turn
    lows = [math.floor(time) for time in (at - stride, since, *(end for _, end in others if end < at))]
    highs = [math.ceil(time) for time in (at + stride, *(start for start, _ in others if start > at))]
    return Edge(one, kind, what, at, max(0, *lows), min(last, *highs))


def window(low: int, high: int, most: int) -> list[int]:
    """At most `most` seconds from `low` to `high`, both among them, evenly apart but for the last."""
    stride = max(1, math.ceil((high - low) / (most - 1)))
    return [*range(low, high, stride), high]


def look_again(
    step: Step, asker: Asker, looks: Looks, most: int, edges: Sequence[Edge], *, needed: bool
) -> None:
    """Find the second of each edge, and note beside its clip how far it moved.

    Args:
        step: of the task.
        asker: whom to ask.
        looks: frames of the clips.
        most: frames of a question, 3 at least.
        edges: of any clips; each gets its `second`, or is `lost` with a reason that is counted.
        needed: whether a clip that lost one is dropped.

    """
    rest = list(edges)
    while rest := [edge for edge in rest if edge.open]:
        rows = [(edge, _question(edge, looks, most)) for edge in rest]
        rows = [(edge, question) for edge, question in rows if edge.one.open]
        answers = ask_about(asker, step, [(edge.one, question) for edge, question in rows], needed=needed)
        for (edge, question), answer in zip(rows, answers, strict=True):
            if answer is None:
                edge.lost = True
            elif reason := _take(edge, question.told["seconds"], answer["second"]):
                edge.lost = True
                shown = f"{question.told['seconds']!r:.60}"
                detail = f"{step.name} {edge.kind} {edge.what!r:.60}: {answer['second']} of {shown}"
                (edge.one.drop if needed else edge.one.refuse)(reason, detail)
    for edge in edges:
        if edge.second is not None:
            row = {"edge": edge.kind, "what": edge.what, "coarse": edge.coarse, "second": edge.second}
            edge.one.notes.setdefault("edges", []).append(row)


def summary(works: Sequence[Described]) -> dict[str, Any]:
    """`{"refined": {edges, mean_shift_s}}` of all clips; nothing where nothing was refined."""
    shifts = [abs(row["second"] - row["coarse"]) for one in works for row in one.notes.get("edges", [])]
    if not shifts:
        return {}
    return {"refined": {"edges": len(shifts), "mean_shift_s": round(sum(shifts) / len(shifts), 3)}}


def _question(edge: Edge, looks: Looks, most: int) -> Question:
    seconds = window(edge.low, edge.high, most)
    images = see(edge.one, looks, seconds)
    return Question({"what": edge.what, "edge": edge.kind, "seconds": seconds}, tuple(images))


def _take(edge: Edge, seconds: Sequence[int], second: int | None) -> str:
    """Take an answer: the edge is found, its window narrower, or the reason why neither."""
    if second is None:
        last = edge.one.clip.last_turn
        if edge.kind != ENDS or seconds[-1] != last or edge.narrowed:
            return NOT_SEEN
        # It still goes on in the last frame. What nobody sees at all has lost its beginning.
        edge.second = edge.one.clip.duration_s
        edge.one.counts[OPEN_END] += 1
        return ""
    if second not in seconds:
        return NO_SUCH_SECOND
    place = seconds.index(second)
    if not place and second:
        return NOT_SEEN  # it is so from the first frame on: nothing shows since when
    if not place or second - seconds[place - 1] == 1:
        edge.second = float(second)
    else:
        edge.low, edge.high, edge.narrowed = seconds[place - 1], int(second), True
    return ""


def _presumed(question: Question) -> Any:
    """What lies as far apart as it can: a beginning early, all else late, so that no span is empty."""
    seconds = question.told["seconds"]
    early = question.told["edge"] == BEGINS and len(seconds) > 1
    return {"second": seconds[1] if early else seconds[-1]}
