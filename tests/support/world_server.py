"""The world's teacher behind the HTTP of any OpenAI-compatible model: it knows each frame by its SHA-256.

A vision question is told apart by its frames alone: their hashes name the pictures, hence the video and the
seconds, and the answer comes from the scene's timeline, as far as these seconds show it. A text question is
answered from its words alone.
"""

import base64
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from components.core.hashing import sha256_bytes
from components.core.seeds import rng
from components.world.scene import Scene
from components.world.teacher import TASKS
from components.world.words import NONE
from tests.support.coarse_world import coarse, sets_in, steps
from tests.support.engine_run import clip_of, title_of, told_of
from tests.support.engine_run import looks as looks_of
from tests.support.openai_server import Say
from tests.support.world_errors import MISSED, Errors, elsewhere
from tests.support.world_words import TEXT_STEPS

Data = dict[str, Any]
RIGHT = Errors()


class WorldModel:
    """A script for `openai_server.serving`.

    Args:
        data_dir: the data folder the scenes were rendered into.
        scenes: the clips it knows.
        side: of the frames, as the client is told.
        errors: planted at known rates.

    """

    def __init__(self, data_dir: Path, scenes: Sequence[Scene], *, side: int = 448, errors: Errors = RIGHT):
        self.scenes = {scene.video_id: scene for scene in scenes}
        self.errors = errors
        self._shown: dict[str, set[tuple[str, int]]] = defaultdict(set)
        looks = looks_of(data_dir, side=side)
        for scene in scenes:
            seconds = range(scene.duration_s)
            for second, image in zip(seconds, looks.frames(clip_of(scene), seconds), strict=True):
                self._shown[sha256_bytes(image.data)].add((scene.video_id, second))

    def __call__(self, body: Data, before: int) -> Say:
        """The answer to a request; HTTP 400 where the frames are none of this world's at these seconds."""
        step, told = title_of(body), told_of(body)
        if step in TEXT_STEPS:
            return Say(json.dumps(TEXT_STEPS[step](told)))
        scene = self.seen(images_in(body), told["seconds"])
        if scene is None:
            return Say(f"{step}: frames that no clip shows at {told['seconds']}", status=400)
        task, _, kind = step.partition(".")
        return Say(json.dumps(getattr(self, f"_{kind}")(task, scene, told)))

    def seen(self, images: Sequence[bytes], seconds: Sequence[int]) -> Scene | None:
        """The first clip that shows these pictures at these seconds."""
        if not images or len(images) != len(seconds):
            return None
        shown = [self._shown.get(sha256_bytes(image), set()) for image in images]
        for video_id in sorted(self.scenes):
            if all((video_id, second) in places for places, second in zip(shown, seconds, strict=True)):
                return self.scenes[video_id]
        return None

    def _change(self, task: str, scene: Scene, told: Data) -> Data:
        at = [line for line in self.errors.lines(scene) if line["time"] == told["seconds"][1]]
        return {"change": at[0]["text"] if at and at[0]["fault"] != MISSED else ""}

    def _caption(self, task: str, scene: Scene, told: Data) -> Data:
        fields = ("start", "end", "text")
        events = coarse(self._events(task, scene), told["seconds"], scene.duration_s)
        return {"events": [{name: event[name] for name in fields} for event in events]}

    def _ground(self, task: str, scene: Scene, told: Data) -> Data:
        """Every place of a caption as this model believes it, unless it slips this second time."""
        believed = self._events(task, scene)
        own = coarse(
            [event for event in believed if event["text"] == told["caption"]],
            told["seconds"],
            scene.duration_s,
        )
        if self.errors.slips(task, scene, told["caption"]) and own:
            generator = rng(self.errors.seed, "slipped", task, scene.video_id, told["caption"])
            place = elsewhere(own[0], believed, scene.duration_s, generator)
            return {"spans": [place] if place else []}
        return {"spans": [{"start": event["start"], "end": event["end"]} for event in own]}

    def _events(self, task: str, scene: Scene) -> list[Data]:
        return [event for event in self.errors.events(task, scene) if event["fault"] != MISSED]

    def _changes(self, task: str, scene: Scene, told: Data) -> Data:
        return {"changes": changes_of(scene, told["seconds"])}

    def _ask(self, task: str, scene: Scene, told: Data) -> Data:
        data = TASKS[task](scene, {"times": told["seconds"]})
        if "reveals" in data:
            shown = {after: second for second, _, after in steps(scene.sign_at, told["seconds"])}
            data["reveals"] = [
                {**reveal, "time": shown[reveal["text"]]}
                for reveal in data["reveals"]
                if reveal["text"] in shown
            ]
        return data

    def _edge(self, task: str, scene: Scene, told: Data) -> Data:
        """When it sets in, or is over, as these frames show it."""
        holds = self._holds(task, scene, told["what"])
        if told["edge"] == "ends":
            over = sets_in(told["seconds"], lambda second: not holds(second), from_start=False)
            return {"second": over}
        return {"second": sets_in(told["seconds"], holds)}

    def _holds(self, task: str, scene: Scene, what: str) -> Callable[[int], bool]:
        """Whether a caption, the value a subject gets, or a sign is on screen at a second."""
        if task in ("event_caption", "action_caption"):
            own = [event for event in self._events(task, scene) if event["text"] == what]
            return lambda second: any(event["start"] <= second < event["end"] for event in own)
        subject, _, values = what.rpartition(": ")
        if task == "offline_qa":
            return lambda second: scene.sign_at(second) == values
        if subject == "the actor (count)":
            return scene.jumping_at
        value = STATES[tuple(subject.rstrip(")").split(" ("))]
        return lambda second: value(scene, second) == values.partition(" -> ")[2]


STATES: dict[tuple[str, ...], Callable[[Scene, float], str]] = {
    ("the lamp", "attribute"): Scene.lamp_at,
    ("the actor", "position"): Scene.side_at,
    ("the sign", "attribute"): lambda scene, second: scene.sign_at(second) or NONE,
}


def changes_of(scene: Scene, seconds: Sequence[int] | None = None) -> list[Data]:
    """Every change of lamp, place and sign (an instant each), and every jump as a step of its count.

    `seconds`: as these show them; all of the video, if none are given.
    """
    seen = range(scene.duration_s) if seconds is None else seconds
    found = []
    for (subject, aspect), value in STATES.items():
        for second, before, after in steps(partial(value, scene), seen):
            found.append(_change(subject, aspect, second, second, {"before": before, "after": after}))
    jumps = [{"start": jump.start, "end": jump.end, "text": ""} for jump in scene.jumps]
    for number, jump in enumerate(coarse(jumps, seen, scene.duration_s)):
        values = {"before": str(number), "after": str(number + 1)}
        found.append(_change("the actor", "count", jump["start"], jump["end"], values))
    return sorted(found, key=lambda change: (change["end"], change["subject"], change["aspect"]))


def _change(subject: str, aspect: str, start: float, end: float, values: dict[str, str]) -> Data:
    return {"subject": subject, "aspect": aspect, "start": start, "end": end, **values}


def images_in(body: Data) -> list[bytes]:
    """The frames of the user message, in order."""
    content = body["messages"][-1]["content"]
    parts = [] if isinstance(content, str) else [part for part in content if part["type"] == "image_url"]
    return [base64.b64decode(part["image_url"]["url"].partition(",")[2]) for part in parts]
