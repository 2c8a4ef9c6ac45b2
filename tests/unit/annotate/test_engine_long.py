"""Videos longer than a question shows: what is asked at a stride is found to the second all the same."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from components.annotate.engine import refined
from components.annotate.engine.estimate import plan
from components.annotate.engine.run import annotate_clips
from components.annotate.outcome import Outcome
from components.annotate.quality import agreement
from components.world.generate import render_scene, sample_scenes
from components.world.sample import Lengths
from components.world.scene import Scene
from tests.support import engine_run as engine
from tests.support.openai_server import Server, serving
from tests.support.world_server import WorldModel

Labels = list[dict[str, Any]]
CLIPS, STRIDE = 3, 3
FEW, ALL = 8, 64  # frames of a question: every third second of 20 to 24, or all of them
LONG = Lengths(amber_s=(4, 5), jump_s=(4, 5), jumps=(2, 2), drop_s=(4, 5), drops=(2, 2))
MANY = {
    "event_caption": 24.0,
    "action_caption": 6.0,
    "tsqa": 3.0,
    "count": 1.0,
    "clue": 1.0,
    "own_turn": 0.0,
    "own_turn_questions": 0.0,
    "offline": 0.0,
}
TIMED = ("event_caption", "action_caption", "tsqa")


class World(NamedTuple):
    """A data folder with its clips."""

    data: Path
    scenes: list[Scene]

    def asked(self, task: str, server: Server, folder: Path, frames: int) -> Outcome:
        """The labels of one task, asked with so many frames a question."""
        return annotate_clips(
            task,
            [engine.clip_of(scene) for scene in self.scenes],
            engine.asker(server, folder),
            engine.looks(self.data),
            engine.settings(frames=frames),
            weights=MANY,
            seed=0,
        )


def shortest(scene: Scene) -> int:
    """Seconds of the shortest span of a scene, and of the pauses between its jumps."""
    spans = [*scene.lamp, *scene.side, *scene.sign, *scene.jumps, *scene.drops]
    pauses = [after.start - before.end for before, after in zip(scene.jumps, scene.jumps[1:], strict=False)]
    return min([*(span.end - span.start for span in spans), *pauses])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    scenes = [scene for scene in sample_scenes("train", 60, 0, LONG) if shortest(scene) > STRIDE][:CLIPS]
    assert len(scenes) == CLIPS
    for scene in scenes:
        render_scene(folder, scene)
    return World(folder, scenes)


@pytest.fixture(scope="module")
def server(world: World) -> Any:
    with serving(WorldModel(world.data, world.scenes)) as answering:
        yield answering


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the answers of all runs are: what one has asked the next does not ask again."""
    return tmp_path_factory.mktemp("answers")


def bare(labels: Labels) -> Labels:
    """Labels without the answers they rest on."""
    return [{key: value for key, value in label.items() if key != "provenance"} for label in labels]


@pytest.mark.parametrize("task", [*TIMED, "offline_qa"])
def test_labels_are_those_of_every_second_shown(world: World, server: Server, kept: Path, task: str) -> None:
    whole = world.asked(task, server, kept, ALL)
    strided = world.asked(task, server, kept, FEW)
    assert whole.quarantine == strided.quarantine == [] and bare(strided.labels) == bare(whole.labels)
    assert strided.labels and strided.summary["described"] == CLIPS
    assert strided.summary["counts"]["strided_clips"] == CLIPS
    assert all(row["stride_s"] == STRIDE for row in strided.answers)
    shifts = [
        abs(edge["second"] - edge["coarse"]) for row in strided.answers for edge in row.get("edges", [])
    ]
    assert strided.summary["refined"] == {
        "edges": len(shifts),
        "mean_shift_s": pytest.approx(sum(shifts) / len(shifts), abs=1e-3),
    }
    assert sum(shifts) > 0 and strided.summary["answers"][f"{task}.edge"] == len(shifts)
    assert not {"strided_clips", "open_ends"} & whole.summary["counts"].keys()
    assert "refined" not in whole.summary and f"{task}.edge" not in whole.summary["answers"]


@pytest.mark.parametrize("task", TIMED)
def test_without_the_second_look_the_times_are_those_of_the_stride(
    world: World, server: Server, kept: Path, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    truth = world.asked(task, server, kept, ALL)
    again = world.asked(task, server, kept, FEW)
    monkeypatch.setattr(refined, "stride", lambda one, most: 1)
    coarse = world.asked(task, server, kept, FEW)
    durations = {scene.video_id: float(scene.duration_s) for scene in world.scenes}
    figures = {
        name: agreement(truth.labels, outcome.labels, durations)["all"]["state_same"]["value"]
        for name, outcome in (("again", again), ("coarse", coarse))
    }
    assert figures["again"] == 1.0
    assert figures["coarse"] < 0.95


@pytest.mark.parametrize("task", [*TIMED, "offline_qa"])
def test_the_dry_run_knows_what_a_second_look_takes(
    world: World, server: Server, tmp_path: Path, task: str
) -> None:
    clips = [engine.clip_of(scene) for scene in world.scenes]

    def planned() -> dict[str, Any]:
        asker = engine.asker(server, tmp_path)
        return plan(task, clips, asker, engine.looks(world.data), engine.settings(frames=FEW)).plain()

    before = planned()
    assert any(step["step"] == f"{task}.edge" and step["presumed"] for step in before["steps"])
    calls = server.calls
    outcome = world.asked(task, server, tmp_path, FEW)
    after = planned()
    assert {step["step"]: step["requests"] for step in after["steps"]} == outcome.summary["answers"]
    assert sum(step["requests"] - step["repeated"] for step in after["steps"]) == server.calls - calls
    assert after["about"]["calls"] == 0 and not any(step["presumed"] for step in after["steps"])
