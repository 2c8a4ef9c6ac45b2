"""What a flawed teacher believes of a scene: errors at known rates, the same in every answer it gives."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from components.annotate.quality.matching import iou
from components.core.seeds import rng
from components.world.scene import Scene
from components.world.teacher import TASKS

Event = dict[str, Any]
MISSED, SPAN, TEXT = "missed", "span", "text"
FAR = 0.25  # overlap that no threshold takes for agreement


@dataclass(frozen=True)
class Errors:
    """Rates of planted errors; an event has one at most.

    Attributes:
        missed: share of events and lines that are not seen at all.
        span: share of events seen somewhere else, both times they are looked for: no filter finds these.
        text: share of events and lines told in words that have nothing to do with them.
        slip: share of captions that are grounded somewhere else the second time: what the filter is for.
        seed: fixes which ones.

    """

    missed: float = 0.0
    span: float = 0.0
    text: float = 0.0
    slip: float = 0.0
    seed: int = 0

    def fault(self, *names: object) -> str:
        """The error of one event, or an empty text."""
        drawn = rng(self.seed, "planted", *names).random()
        for name, rate in ((MISSED, self.missed), (SPAN, self.span), (TEXT, self.text)):
            if drawn < rate:
                return name
            drawn -= rate
        return ""

    def events(self, task: str, scene: Scene) -> list[Event]:
        """The events of `event_caption` or `action_caption` as believed, each with its `fault`."""
        truth = TASKS[task](scene, {})["events"]
        believed = []
        for number, event in enumerate(truth):
            fault = self.fault(task, scene.video_id, number)
            generator = rng(self.seed, "elsewhere", task, scene.video_id, number)
            place = elsewhere(event, truth, scene.duration_s, generator) if fault == SPAN else None
            wrong = {"text": f"zebra {number} yawned"} if fault == TEXT else place or {}
            believed.append({**event, **wrong, "fault": "" if fault == SPAN and place is None else fault})
        return sorted(believed, key=lambda event: (event["start"], event["end"], event["text"]))

    def lines(self, scene: Scene) -> list[Event]:
        """The lines of `narration` as believed; a place is no error here, since a pair of frames is one."""
        believed = []
        for line in TASKS["narration"](scene, {})["lines"]:
            fault = self.fault("narration", scene.video_id, line["time"])
            wrong = {"text": f"zebra {line['time']} yawns"} if fault == TEXT else {}
            believed.append({**line, **wrong, "fault": "" if fault == SPAN else fault})
        return believed

    def slips(self, task: str, scene: Scene, caption: str) -> bool:
        """Whether the teacher grounds this caption of its own wrongly the second time."""
        return bool(rng(self.seed, "slip", task, scene.video_id, caption).random() < self.slip)


def elsewhere(
    event: Event, others: list[Event], seconds: int, generator: np.random.Generator
) -> dict[str, int] | None:
    """A span of the event's length, at random, that is none of `others` (IoU up to FAR); None if none is."""
    length = event["end"] - event["start"]
    spans = [(float(other["start"]), float(other["end"])) for other in others]
    free = [
        start
        for start in range(seconds - length)
        if all(iou((start, start + length), span) <= FAR for span in spans)
    ]
    if not free:
        return None
    start = free[int(generator.integers(len(free)))]
    return {"start": start, "end": start + length}
