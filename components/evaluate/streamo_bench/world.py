"""Timelines of the embedded world, read from scene files: for the held-out clips only.

The questions are those that the training labels ask (components/annotate/instructions), first wording: the
tiny model knows no others. `make` reads the scenes before a model runs; running never sees them.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from components.evaluate.streamo_bench.format import Moment
from components.evaluate.streamo_bench.timelines import Standing, Timeline
from components.world import teacher
from components.world.generate import LICENCE
from components.world.scene import Scene, read_scene, scene_path

SOURCE = "embedded world"
GROUND = "find the time of: {query}"
NARRATE = "narrate the video"
CAPTION = "is {query} going on?"
KEEP = "keep telling me {query}"


def read_world(data: Path, videos: Iterable[str]) -> list[Timeline]:
    """Timelines of those of `videos` (ids) that have a scene file below `data`, sorted."""
    known = [video for video in sorted(videos) if scene_path(data, video).is_file()]
    return [timeline(read_scene(scene_path(data, video))) for video in known]


def timeline(scene: Scene) -> Timeline:
    """One clip."""
    events, actions = teacher.event_caption(scene, {})["events"], teacher.action_caption(scene, {})["events"]
    spans = sorted((span(event) for event in [*events, *actions]), key=lambda one: (one.start_s, one.end_s))
    lines = tuple(instant(line["time"], line["text"]) for line in teacher.narration(scene, {})["lines"])
    groups = sorted({event["group"] for event in [*events, *actions]})
    dense = [
        Standing(
            CAPTION.format(query=f"any {group}"),
            tuple(span(event) for event in [*events, *actions] if event["group"] == group),
        )
        for group in groups
    ]
    return Timeline(
        video_id=scene.video_id,
        duration_s=float(scene.duration_s),
        source=SOURCE,
        licence=LICENCE,
        events=tuple(spans),
        narration=(Standing(NARRATE, lines),) if lines else (),
        dense=tuple(dense),
        tsqa=tuple(standing(series) for series in teacher.tsqa(scene, {})["series"] if series["values"]),
    )


def standing(series: dict[str, Any]) -> Standing:
    """A state is due when it begins, a count when its event has ended."""
    at = "end" if series["kind"] == "count" else "start"
    values = tuple(instant(value[at], value["text"]) for value in series["values"])
    return Standing(KEEP.format(query=series["query"]), values)


def span(event: dict[str, Any]) -> Moment:
    """A captioned span."""
    return Moment(float(event["start"]), float(event["end"]), event["text"])


def instant(time_s: float, text: str) -> Moment:
    """An answer that is due at an instant."""
    return Moment(float(time_s), float(time_s), text)
