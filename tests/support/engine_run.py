"""The label engine against a scripted server: answers by step title, clips of the small world."""

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from components.annotate.engine.asker import Asker
from components.annotate.engine.looks import Looks
from components.annotate.engine.section import Settings
from components.annotate.samples import Clip
from components.teacher.budget import Budget
from components.teacher.cache import AnswerCache
from components.teacher.client import Client
from components.teacher.endpoint import Endpoint
from components.video.framestore.store import FrameStore
from components.video.root import MediaRoot
from components.world.scene import Scene
from tests.support.openai_server import Say, Script, Server, user_text

Told = dict[str, Any]
Answers = Mapping[str, Callable[[Told], Any]]  # step title -> what to say to the fields it was told


def title_of(body: dict[str, Any]) -> str:
    """Which step a request belongs to."""
    return str(body["response_format"]["json_schema"]["schema"]["title"])


def told_of(body: dict[str, Any]) -> Told:
    """The fields of a request's text part."""
    told: Told = json.loads(user_text(body))
    return told


def scripted(answers: Answers) -> Script:
    """A script that answers each step by its function: plain JSON values, text as it is, or a whole `Say`."""

    def script(body: dict[str, Any], before: int) -> Say:
        said = answers[title_of(body)](told_of(body))
        return said if isinstance(said, Say) else Say(said if isinstance(said, str) else json.dumps(said))

    return script


def asker(server: Server, folder: Path, *, usd: float = 5.0, attempts: int = 2) -> Asker:
    """Both roles played by `server`; answers are kept in `folder`."""
    endpoint = Endpoint(server.url, "seer", "1", 1.0, 2.0, timeout_s=30.0, attempts=attempts)
    client = Client(endpoint, AnswerCache(folder), Budget(usd=usd), stream=io.StringIO())
    return Asker(client, client)


def looks(data: Path, *, side: int = 448) -> Looks:
    """Frames of the videos in the data folder `data`; they are kept beside it, for the server too."""
    return Looks(
        MediaRoot(data / "media"), side, FrameStore(data.with_name(f"{data.name}-frames")), workers=0
    )


def settings(*, agreement: float = 0.5, frames: int = 32) -> Settings:
    """What params.yaml would say."""
    return Settings(agreement, frames, 448)


def clip_of(scene: Scene) -> Clip:
    """The clip of a scene."""
    return Clip(scene.video_id, float(scene.duration_s))
