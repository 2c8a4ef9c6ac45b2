"""Makes a set: many instructions on each video, drawn with a seed (paper: 300 videos, 3,000 tasks)."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from components.core.errors import DataError
from components.core.seeds import rng
from components.evaluate.streamo_bench.format import (
    BACKWARD,
    DENSE,
    FORWARD,
    KINDS,
    NARRATION,
    TSQA,
    BenchSet,
    BenchVideo,
    Moment,
    Task,
)
from components.evaluate.streamo_bench.timelines import Standing, Timeline

PER_VIDEO = {FORWARD: 3, BACKWARD: 3, NARRATION: 1, DENSE: 1, TSQA: 2}
GROUND = "From when to when does this happen: {query} Answer with the start and the end in seconds."


@dataclass(frozen=True)
class Recipe:
    """How a set is made.

    Attributes:
        name: of the set.
        seed: every draw follows from it and the ids of the videos.
        videos: how many are drawn; None for all.
        per_video: the most tasks of each kind on a video; fewer where it has fewer events.
        grounding: the words of a grounding question, `{query}` in them.
        content_rule: see `content.py`.

    """

    name: str
    seed: int
    videos: int | None = None
    per_video: Mapping[str, int] = field(default_factory=lambda: dict(PER_VIDEO))
    grounding: str = GROUND
    content_rule: str = "overlap"


def make(
    timelines: Sequence[Timeline],
    recipe: Recipe,
    *,
    sources: Sequence[dict[str, str]] = (),
    left_out: Mapping[str, int] | None = None,
) -> BenchSet:
    """Build a set; the same timelines in any order, recipe and seed give the same set.

    Raises:
        DataError: there is not one task, or fewer usable videos than the recipe wants.

    """
    counts = Counter(left_out or {})
    known = {timeline.video_id: timeline for timeline in timelines}
    counts["video_named_twice"] += len(timelines) - len(known)
    made = {name: tasks_of(known[name], recipe, counts) for name in sorted(known)}
    usable = [name for name, tasks in made.items() if tasks]
    wanted = len(usable) if recipe.videos is None else recipe.videos
    if not usable or wanted > len(usable):
        raise DataError(
            f"{recipe.name}: {wanted} videos wanted, {len(usable)} of {len(timelines)} give a task "
            f"({dict(counts) or 'nothing left out'})"
        )
    chosen = sorted(usable[i] for i in rng(recipe.seed, "videos").permutation(len(usable))[:wanted])
    return BenchSet(
        name=recipe.name,
        seed=recipe.seed,
        content_rule=recipe.content_rule,
        sources=tuple(sources),
        videos=tuple(
            BenchVideo(one.video_id, one.duration_s, one.source, one.licence)
            for one in (known[name] for name in chosen)
        ),
        tasks=tuple(task for name in chosen for task in made[name]),
        left_out={reason: count for reason, count in sorted(counts.items()) if count},
    )


def tasks_of(timeline: Timeline, recipe: Recipe, left_out: Counter[str]) -> list[Task]:
    """Every instruction on one video, by kind and number."""
    spoken = Counter(event.text for event in timeline.events)
    single = [event for event in timeline.events if spoken[event.text] == 1]
    left_out["event_text_not_unique"] += len(timeline.events) - len(single)
    made: dict[str, list[dict[str, Any]]] = {
        FORWARD: ground(FORWARD, single, timeline, recipe),
        BACKWARD: ground(BACKWARD, single, timeline, recipe),
        NARRATION: stand(NARRATION, timeline.narration, timeline, recipe),
        DENSE: stand(DENSE, timeline.dense, timeline, recipe),
        TSQA: stand(TSQA, timeline.tsqa, timeline, recipe),
    }
    return [
        Task(
            id=f"{timeline.video_id}#{kind}-{number}",
            kind=kind,
            video_id=timeline.video_id,
            source=timeline.source,
            licence=timeline.licence,
            **row,
        )
        for kind in KINDS
        for number, row in enumerate(made[kind])
    ]


def ground(kind: str, events: Sequence[Moment], timeline: Timeline, recipe: Recipe) -> list[dict[str, Any]]:
    """Grounding questions: forward ones before the event begins, backward ones after it has ended."""
    generator = rng(recipe.seed, kind, timeline.video_id)
    last = math.ceil(timeline.duration_s) - 1  # the last whole second at which a turn begins
    rows: list[dict[str, Any]] = []
    for index in generator.permutation(len(events)):
        event = events[int(index)]
        low, high = (0, math.floor(event.start_s)) if kind == FORWARD else (math.ceil(event.end_s), last)
        if low <= high and len(rows) < recipe.per_video.get(kind, 0):
            asked = whole_second(generator, low, high)
            question = recipe.grounding.format(query=event.text)
            rows.append({"question": question, "asked_s": asked, "truth": (event,)})
    return rows


def whole_second(generator: np.random.Generator, low: int, high: int) -> int:
    """A whole second of `[low, high]`, each as likely."""
    return int(generator.integers(low, high + 1))


def stand(
    kind: str, standing: Sequence[Standing], timeline: Timeline, recipe: Recipe
) -> list[dict[str, Any]]:
    """Standing instructions, given at the start."""
    generator = rng(recipe.seed, kind, timeline.video_id)
    order = generator.permutation(len(standing))[: recipe.per_video.get(kind, 0)]
    chosen = [standing[int(index)] for index in order]
    return [{"question": one.question, "asked_s": 0, "truth": one.truth} for one in chosen]
