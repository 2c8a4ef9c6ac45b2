"""The world's teacher behind the HTTP of any OpenAI-compatible model: it knows each frame by its SHA-256.

A vision question is told apart by its frames alone: their hashes name the pictures, hence the video and the
seconds, and the answer comes from the scene's timeline. A text question is answered from its words alone.
"""

import base64
import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from components.annotate.engine.looks import Looks
from components.core.hashing import sha256_bytes
from components.core.seeds import rng
from components.video.root import MediaRoot
from components.world.scene import Scene
from components.world.teacher import TASKS
from components.world.words import NONE
from tests.support.engine_run import clip_of, title_of, told_of
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
        looks = Looks(MediaRoot(data_dir / "media"), side)
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
        return {"events": [{name: event[name] for name in fields} for event in self._events(task, scene)]}

    def _ground(self, task: str, scene: Scene, told: Data) -> Data:
        """Every place of a caption as this model believes it, unless it slips this second time."""
        believed = self._events(task, scene)
        own = [event for event in believed if event["text"] == told["caption"]]
        if self.errors.slips(task, scene, told["caption"]) and own:
            generator = rng(self.errors.seed, "slipped", task, scene.video_id, told["caption"])
            place = elsewhere(own[0], believed, scene.duration_s, generator)
            return {"spans": [place] if place else []}
        return {"spans": [{"start": event["start"], "end": event["end"]} for event in own]}

    def _events(self, task: str, scene: Scene) -> list[Data]:
        return [event for event in self.errors.events(task, scene) if event["fault"] != MISSED]

    def _changes(self, task: str, scene: Scene, told: Data) -> Data:
        return {"changes": changes_of(scene)}

    def _ask(self, task: str, scene: Scene, told: Data) -> Data:
        return TASKS[task](scene, {"times": told["seconds"]})


def changes_of(scene: Scene) -> list[Data]:
    """Every change of lamp, place and sign (an instant each), and every jump as a step of its count."""
    found = []
    for subject, aspect, spans in (
        ("the lamp", "attribute", scene.lamp),
        ("the actor", "position", scene.side),
        ("the sign", "attribute", scene.sign),
    ):
        for before, after in pairwise(spans):
            values = {"before": before.value or NONE, "after": after.value or NONE}
            found.append(_change(subject, aspect, after.start, after.start, values))
    for number, jump in enumerate(scene.jumps):
        values = {"before": str(number), "after": str(number + 1)}
        found.append(_change("the actor", "count", jump.start, jump.end, values))
    return sorted(found, key=lambda change: (change["end"], change["subject"], change["aspect"]))


def _change(subject: str, aspect: str, start: int, end: int, values: dict[str, str]) -> Data:
    return {"subject": subject, "aspect": aspect, "start": start, "end": end, **values}


def images_in(body: Data) -> list[bytes]:
    """The frames of the user message, in order."""
    content = body["messages"][-1]["content"]
    parts = [] if isinstance(content, str) else [part for part in content if part["type"] == "image_url"]
    return [base64.b64decode(part["image_url"]["url"].partition(",")[2]) for part in parts]
