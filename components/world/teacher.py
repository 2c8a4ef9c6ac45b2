"""The teacher that knows: it answers annotation requests from the scene's timeline instead of looking."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from components.teacher.base import Answer, Refusal, Request
from components.world import queries
from components.world.scene import Scene, Span, read_scene, scene_path
from components.world.words import AMBER, NONE

Data = dict[str, Any]


class WorldTeacher:
    """Answers from `<data_dir>/scenes/**.json` (components.teacher.base.Teacher)."""

    name = "world"
    version = "1"

    def __init__(self, data_dir: Path):
        self.data_dir = data_dir

    def answer(self, request: Request) -> Answer:
        """See the protocol; a video without scene file is refused (`no_scene`)."""
        path = scene_path(self.data_dir, request.video_id)
        if not path.exists():
            raise Refusal("no_scene", f"{path}: the world's teacher answers only for videos it rendered")
        return Answer(TASKS[request.task](read_scene(path), dict(request.payload)))


def lamp_changes(scene: Scene) -> list[Span]:
    """The lamp's spans after the first."""
    return list(scene.lamp[1:])


def narration(scene: Scene, payload: Data) -> Data:
    """One short line for the most significant change of each instant."""
    lines: dict[int, str] = {}
    for span in scene.side[1:]:
        lines[span.start] = f"actor moves {span.value}"
    for span in lamp_changes(scene):
        lines[span.start] = f"lamp turns {span.value}"
    for span in scene.jumps:
        lines[span.start] = "actor jumps"
    for span in scene.sign:
        if span.start and span.value:
            lines[span.start] = f"sign shows {span.value}"
    for span in scene.drops:
        lines[span.start] = f"{span.value} drops"
    return {"lines": [{"time": t, "text": lines[t]} for t in sorted(lines)]}


def event_caption(scene: Scene, payload: Data) -> Data:
    """Amber periods and drops as captioned spans, and drops that do not happen (`absent`)."""
    ambers = [span for span in scene.lamp if span.value == AMBER]
    events = [_event(s, f"amber before {scene.lamp_next(s.start)}", "amber light") for s in ambers]
    events += [_event(s, f"{s.value} dropped", "drop", f"{s.value} drop") for s in scene.drops]
    return {"events": events, "absent": [f"{item} drop" for item in queries.absent_items(scene, "event")]}


def action_caption(scene: Scene, payload: Data) -> Data:
    """Jumps as captioned spans."""
    return {"events": [_event(s, f"{scene.actor} jumped", "jump") for s in scene.jumps], "absent": []}


def _event(span: Span, text: str, group: str, name: str = "") -> Data:
    return {"start": span.start, "end": span.end, "text": text, "group": group, "name": name}


def tsqa(scene: Scene, payload: Data) -> Data:
    """What changes: `state` series answer at once and at each change, `count` series at each event's end."""
    counts = [{"start": s.start, "end": s.end, "text": str(n)} for n, s in enumerate(scene.jumps, 1)]
    states = {
        "the lamp colour": scene.lamp,
        "the actor place": scene.side,
        "the sign letter": tuple(Span(s.start, s.end, s.value or NONE) for s in scene.sign),
    }
    series = [
        {
            "kind": "state",
            "query": query,
            "values": [{"start": s.start, "end": s.end, "text": s.value} for s in spans],
        }
        for query, spans in states.items()
        if len(spans) > 1
    ]
    return {"series": [*series, {"kind": "count", "query": "the jump count", "values": counts}]}


def offline_qa(scene: Scene, payload: Data) -> Data:
    """Questions decided at each of `payload["times"]`, whole-clip questions, and clues revealed late."""
    asks = [{"time": t, **_ask(ask)} for t in payload["times"] for ask in queries.asks_at(scene, t)]
    blank = scene.sign[0].value == ""
    reveals = (
        [{"query": "the sign letter", "time": s.start, "text": s.value} for s in scene.sign[1:]]
        if blank
        else []
    )
    return {"asks": asks, "whole": [_ask(ask) for ask in queries.whole_clip_asks(scene)], "reveals": reveals}


def base_qa(scene: Scene, payload: Data) -> Data:
    """Captions and single-frame questions at `payload["times"]`, with the questions of `offline_qa`."""
    frames = [
        {
            "time": t,
            "caption": queries.caption(scene, t),
            "asks": [_ask(ask) for ask in queries.frame_asks(scene, t)],
        }
        for t in payload["times"]
    ]
    asks = offline_qa(scene, payload)
    return {"frames": frames, "asks": asks["asks"], "whole": asks["whole"]}


def _ask(ask: queries.Ask) -> Data:
    return {"topic": ask.topic, "question": ask.question, "answer": ask.answer}


TASKS: dict[str, Callable[[Scene, Data], Data]] = {
    "narration": narration,
    "event_caption": event_caption,
    "action_caption": action_caption,
    "tsqa": tsqa,
    "offline_qa": offline_qa,
    "base_qa": base_qa,
}
