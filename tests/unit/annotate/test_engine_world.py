"""The world's teacher behind HTTP: what comes out of the whole path is what the timelines say."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from components.annotate.engine.pipelines import PIPELINES
from components.annotate.engine.run import annotate_clips
from components.annotate.outcome import Outcome
from components.annotate.quality import agreement
from components.annotate.run import annotate
from components.world.scene import Scene
from components.world.teacher import WorldTeacher
from tests.support import engine_run as engine
from tests.support.openai_server import serving
from tests.support.small_world import small_world
from tests.support.world_errors import Errors
from tests.support.world_server import RIGHT, WorldModel

Labels = list[dict[str, Any]]
CLIPS = 4
# So many requests that every event of a clip is asked for by one of them.
MANY = {
    "narration": 1.0,
    "event_caption": 24.0,
    "action_caption": 6.0,
    "tsqa": 3.0,
    "count": 1.0,
    "clue": 1.0,
    "own_turn": 2.0,
    "own_turn_questions": 3.0,
    "offline": 1.0,
    "frame_caption": 3.0,
    "frame_qa": 3.0,
    "clip_qa": 1.0,
}


class World(NamedTuple):
    """A data folder with its clips."""

    data: Path
    scenes: list[Scene]

    @property
    def durations(self) -> dict[str, float]:
        return {scene.video_id: float(scene.duration_s) for scene in self.scenes}

    def truth(self, task: str) -> Labels:
        """The labels of the teacher that reads the timelines, without a frame or a server."""
        clips = [engine.clip_of(scene) for scene in self.scenes]
        labels = annotate(task, clips, WorldTeacher(self.data), MANY, 0, self.data / "media").labels
        return [label for label in labels if not self._lone(label)]

    def _lone(self, label: dict[str, Any]) -> bool:
        """Whether a label counts to one at most: the engine asks only what has two answers (paper)."""
        scene = next(scene for scene in self.scenes if scene.video_id == label["video_path"])
        return label["kind"] == "count" and len(scene.jumps) < 2

    def asked(self, task: str, folder: Path, errors: Errors = RIGHT) -> Outcome:
        """The labels of the same teacher, asked over HTTP with frames."""
        clips = [engine.clip_of(scene) for scene in self.scenes]
        with serving(WorldModel(self.data, self.scenes, errors=errors)) as server:
            return annotate_clips(
                task,
                clips,
                engine.asker(server, folder),
                engine.looks(self.data),
                engine.settings(),
                weights=MANY,
                seed=0,
            )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    return World(folder, small_world(folder, clips=CLIPS))


@pytest.mark.parametrize("task", PIPELINES)
def test_labels_over_http_are_those_of_the_timelines(world: World, tmp_path: Path, task: str) -> None:
    outcome = world.asked(task, tmp_path)
    assert outcome.quarantine == [] and outcome.summary["described"] == CLIPS
    found = agreement(world.truth(task), outcome.labels, world.durations)
    assert (found["only_first"], found["only_second"], found["all"]["state_same"]["videos"]) == (
        {},
        {},
        CLIPS,
    )
    assert found["first"]["set_aside"] == found["second"]["set_aside"] == {}
    values = {name: found["all"][name]["value"] for name in ("first_found", "second_found", "state_same")}
    assert values == {"first_found": 1.0, "second_found": 1.0, "state_same": 1.0}
