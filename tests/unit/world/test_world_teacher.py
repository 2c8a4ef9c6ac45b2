from dataclasses import replace
from pathlib import Path

import pytest

from components.annotate.guard import violation
from components.annotate.run import request_for
from components.annotate.samples import Clip
from components.annotate.schemas import SCHEMAS
from components.teacher.base import Refusal, Teacher
from components.world.generate import sample_scenes
from components.world.queries import asks_at, caption, frame_asks, item_of, whole_clip_asks
from components.world.scene import Scene, Span
from components.world.teacher import TASKS, WorldTeacher
from components.world.words import UNABLE
from tests.support.small_world import lengths, scenes_only

SCENE = Scene(
    video_id="train/c.mp4",
    duration_s=20,
    lamp=(Span(0, 5, "red"), Span(5, 7, "amber"), Span(7, 20, "green")),
    actor="blue square",
    side=(Span(0, 10, "left"), Span(10, 20, "right")),
    jumps=(Span(3, 5), Span(8, 11)),
    drops=(Span(2, 4, "red circle"), Span(6, 9, "green square")),
    sign=(Span(0, 12, ""), Span(12, 20, "k")),
)


def said(scene, t, question):
    return {ask.answer for ask in asks_at(scene, t) if ask.question == question}


@pytest.mark.parametrize(
    ("t", "question", "answer"),
    [
        (5, "which colour is the lamp now?", "amber"),
        (4, "which colour comes next?", "amber"),
        (5, "which colour comes next?", "green"),
        (6, "which colour was the lamp before amber?", "red"),
        (3, "what is the actor doing now?", "jumping"),
        (5, "what is the actor doing now?", "standing"),
        (10, "where is the actor now?", "right"),
        (3, "which object is dropping now?", "red circle"),
        (4, "which object is dropping now?", "none"),
        (3, "is the red circle dropping now?", "yes"),
        (1, "which object dropped first?", UNABLE),
        (4, "which object dropped first?", "red circle"),
        (9, "which object dropped after the red circle?", "green square"),
        (9, "which object dropped after the green square?", UNABLE),
        (11, "which letter is on the sign now?", UNABLE),
        (12, "which letter is on the sign now?", "k"),
    ],
)
def test_answers_are_what_the_timeline_says(t, question, answer):
    assert said(SCENE, t, question) == {answer}


def test_what_cannot_be_known_is_not_asked():
    assert not said(SCENE, 3, "which object dropped first?")  # it is still in sight
    assert not said(SCENE, 8, "which object dropped after the red circle?")
    assert not said(SCENE, 4, "which colour was the lamp before amber?")


@pytest.mark.parametrize("scene", sample_scenes("train", 40, 7, lengths()), ids=lambda s: s.video_id)
def test_no_answer_depends_on_the_future(scene):
    """The same question at t has the same answer when everything after t is cut away."""
    for t in range(1, scene.duration_s - 1):
        past = replace(
            scene,
            side=tuple(s for s in scene.side if s.start <= t),
            jumps=tuple(s for s in scene.jumps if s.start <= t),
            drops=tuple(s for s in scene.drops if s.start <= t),
            sign=tuple(s for s in scene.sign if s.start <= t),
            lamp=tuple(s for s in scene.lamp if s.start <= t),
        )
        known = {ask.question: ask.answer for ask in asks_at(past, t)}
        shared = [ask for ask in asks_at(scene, t) if ask.question in known]
        assert len(shared) >= 6
        assert all(known[ask.question] == ask.answer for ask in shared)


def test_frame_questions_need_one_frame_only():
    for t in range(SCENE.duration_s):
        topics = {ask.topic for ask in frame_asks(SCENE, t)}
        assert topics and not topics & {"EPM", "ASI", "HLD", "FPD", "WAS"}
    assert caption(SCENE, 3) == "lamp red ; actor blue square jumping left ; drop red circle ; sign none"


def test_whole_clip_questions_know_the_end():
    answers = {ask.question: ask.answer for ask in whole_clip_asks(SCENE)}
    assert answers["how many jumps in the video?"] == "2"
    assert answers["which object dropped last?"] == "green square"


def test_a_step_names_its_object():
    assert item_of("the red circle drop") == "red circle"


@pytest.mark.parametrize("task", sorted(TASKS))
def test_every_answer_meets_its_schema(task, tmp_path):
    scenes = scenes_only(tmp_path, 5)
    teacher = WorldTeacher(tmp_path)
    assert isinstance(teacher, Teacher)
    for scene in scenes:
        request = request_for(task, Clip(scene.video_id, float(scene.duration_s)), tmp_path / "media")
        answer = teacher.answer(request)
        assert violation(answer.data, SCHEMAS[task]) is None
        assert teacher.answer(request) == answer


def test_a_video_without_scene_is_refused():
    with pytest.raises(Refusal) as refused:
        WorldTeacher(Path("nowhere")).answer(request_for("tsqa", Clip("a.mp4", 3.0), Path("media")))
    assert refused.value.reason == "no_scene"


def test_narration_says_one_thing_at_a_time():
    lines = TASKS["narration"](SCENE, {})["lines"]
    times = [line["time"] for line in lines]
    assert times == sorted(set(times))
    assert {"time": 5, "text": "lamp turns amber"} in lines and {"time": 12, "text": "sign shows k"} in lines
