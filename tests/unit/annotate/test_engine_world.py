"""The world's teacher behind HTTP: what comes out of the whole path is what the timelines say."""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from components.annotate.engine.pipelines import PIPELINES
from components.annotate.engine.run import annotate_clips
from components.annotate.outcome import Outcome
from components.annotate.quality import agreement, self_consistency
from components.annotate.quality.regrounding import passes_of
from components.annotate.run import annotate
from components.world.scene import Scene
from components.world.teacher import WorldTeacher
from tests.support import engine_run as engine
from tests.support.openai_server import serving
from tests.support.small_world import small_world
from tests.support.world_errors import MISSED, TEXT, Errors
from tests.support.world_server import RIGHT, WorldModel

Labels = list[dict[str, Any]]
CLIPS = 4
# Of the planted errors: with errors of every kind, and in narration no two lines alike in a row, which the
# text model tells apart by a word.
SEEDS = {"narration": 10, "event_caption": 4, "action_caption": 4}
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


def test_the_agreement_filter_drops_the_videos_whose_second_grounding_slipped(
    world: World, tmp_path: Path
) -> None:
    errors = Errors(slip=0.2, seed=0)
    captions = {
        scene.video_id: sorted({event["text"] for event in errors.events("event_caption", scene)})
        for scene in world.scenes
    }
    slipped = {
        scene.video_id: [
            text for text in captions[scene.video_id] if errors.slips("event_caption", scene, text)
        ]
        for scene in world.scenes
    }
    wrong = {video for video, texts in slipped.items() if texts}
    assert 0 < len(wrong) < CLIPS
    outcome = world.asked("event_caption", tmp_path, errors)
    assert outcome.summary["dropped"] == {"spans_disagree": len(wrong)}
    assert {row["id"] for row in outcome.quarantine} == wrong
    assert {label["video_path"] for label in outcome.labels} == captions.keys() - wrong
    found = agreement(world.truth("event_caption"), outcome.labels, world.durations)["all"]
    assert [found[name]["value"] for name in ("second_found", "state_same")] == [1.0, 1.0]
    grounded = [row for answer in outcome.answers for row in answer["grounded"]]
    apart = [row["text"] for row in grounded if row["iou"] < 0.5]
    assert sorted(apart) == sorted(text for texts in slipped.values() for text in texts)
    again = self_consistency(passes_of(outcome.answers))
    assert (again["videos_same"]["value"], again["videos_same"]["n"]) == (1 - len(wrong) / CLIPS, CLIPS)
    assert again["span_same"]["low"] <= 1 - errors.slip <= again["span_same"]["high"]


@pytest.mark.parametrize("task", ["narration", "event_caption", "action_caption"])
def test_the_figures_show_the_planted_error_rates(world: World, tmp_path: Path, task: str) -> None:
    errors = Errors(missed=0.15, span=0.15 if task != "narration" else 0.0, text=0.15, seed=SEEDS[task])
    outcome = world.asked(task, tmp_path, errors)
    assert outcome.summary["described"] == CLIPS
    found = agreement(world.truth(task), outcome.labels, world.durations)["all"]
    faults = Counter(fault for scene in world.scenes for fault in planted(errors, task, scene))
    seen_right = faults[""] + faults[TEXT]
    told = faults.total() - faults[MISSED]
    exactly = {
        "first_found": seen_right / faults.total(),
        "second_found": seen_right / told,
        "text_equal": faults[""] / seen_right,
    }
    assert min(faults[MISSED], faults[TEXT]) > 0
    assert {name: found[name]["value"] for name in exactly} == pytest.approx(exactly, abs=1e-6)
    nominal = {
        "first_found": 1 - errors.missed - errors.span,
        "second_found": (1 - errors.missed - errors.span) / (1 - errors.missed),
        "text_equal": 1 - errors.text / (1 - errors.missed - errors.span),
    }
    for name, rate in nominal.items():
        assert found[name]["low"] <= rate <= found[name]["high"], name
    assert found["state_same"]["value"] < 1


def planted(errors: Errors, task: str, scene: Scene) -> list[str]:
    """The fault of every event or line of a scene; an empty text where there is none."""
    rows = errors.lines(scene) if task == "narration" else errors.events(task, scene)
    return [str(row["fault"]) for row in rows]
