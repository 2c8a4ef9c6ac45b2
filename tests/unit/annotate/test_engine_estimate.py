"""The dry run: what a task would ask, before anybody is asked, and what is left of it afterwards."""

from pathlib import Path
from typing import Any

import pytest

from components.annotate.engine.asker import Asker
from components.annotate.engine.estimate import plan
from components.annotate.engine.pipelines import PIPELINES
from components.annotate.engine.run import annotate_clips
from components.annotate.samples import Clip
from components.teacher.budget import Budget
from tests.support import engine_run as engine
from tests.support.openai_server import Server, serving
from tests.support.videos import plain

CLIPS = [Clip("a.mp4", 6.0), Clip("b.mp4", 9.0)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "media").mkdir()
    for clip in CLIPS:
        plain(folder / "media" / clip.video_id, seconds=int(clip.duration_s), rate=1)
    return folder


def steps(plain_plan: dict[str, Any]) -> dict[str, tuple[int, int, bool]]:
    return {one["step"]: (one["requests"], one["cached"], one["presumed"]) for one in plain_plan["steps"]}


def change(told: engine.Told) -> Any:
    return {"change": f"thing {told['seconds'][1]} moves"}


def clean(told: engine.Told) -> Any:
    return {"lines": [{"first": 0, "last": 0, "text": "a thing moves"}]}


def both(server: Server, folder: Path) -> Asker:
    return engine.asker(server, folder)


def test_nothing_is_sent_and_later_steps_are_presumed_until_their_questions_are_known(data, tmp_path):
    looks, settings = engine.looks(data), engine.settings()
    with serving(engine.scripted({"narration.change": change, "narration.clean": clean})) as server:
        before = plan("narration", CLIPS, both(server, tmp_path), looks, settings)
        assert server.calls == 0
        assert steps(before.plain()) == {
            "narration.change": (13, 0, False),
            "narration.clean": (2, 0, True),
        }
        annotate_clips(
            "narration", CLIPS, both(server, tmp_path), looks, settings, weights={"narration": 1.0}, seed=0
        )
        asked = server.calls
        after = plan("narration", CLIPS, both(server, tmp_path), looks, settings)
        assert server.calls == asked
    told = before.plain()["steps"][0]
    assert told["about"]["calls"] == asked - 2 and told["about"]["tokens"] < told["at_most"]["tokens"]
    assert steps(after.plain()) == {"narration.change": (13, 13, False), "narration.clean": (2, 2, False)}
    assert after.plain()["about"] == {"calls": 0, "tokens": 0, "usd": 0.0}


@pytest.mark.parametrize("task", sorted(PIPELINES))
def test_every_step_is_reached_by_its_presumed_answers(data, tmp_path, task):
    with serving(engine.scripted({})) as server:
        told = plan(task, CLIPS, both(server, tmp_path), engine.looks(data), engine.settings(frames=4))
    names = [one["step"] for one in told.plain()["steps"]]
    assert names == [step.name for step in PIPELINES[task].steps] and server.calls == 0
    assert all(one["requests"] >= 1 for one in told.plain()["steps"])
    assert [line for line in told.lines() if "presumed" in line] == told.lines()[1 : len(names)]


def test_what_the_budget_does_not_hold_is_said(data, tmp_path):
    with serving(engine.scripted({})) as server:
        asker = both(server, tmp_path)
        asker.clients["vision"].budget = Budget(calls=5, usd=1e-6)
        told = plan("narration", CLIPS, asker, engine.looks(data), engine.settings())
    assert told.lines()[-1] == "beyond the budget of seer: calls and money"


def test_a_question_of_an_earlier_batch_is_asked_and_reckoned_once(data, tmp_path, monkeypatch):
    monkeypatch.setattr("components.annotate.engine.run.BATCH", 1)
    (data / "media" / "c.mp4").write_bytes((data / "media" / "a.mp4").read_bytes())
    twice = [Clip("a.mp4", 6.0), Clip("c.mp4", 6.0)]
    looks, settings = engine.looks(data), engine.settings()
    with serving(engine.scripted({"narration.change": change, "narration.clean": clean})) as server:
        before = plan("narration", twice, both(server, tmp_path), looks, settings).plain()
        annotate_clips(
            "narration", twice, both(server, tmp_path), looks, settings, weights={"narration": 1.0}, seed=0
        )
    change_step = before["steps"][0]
    assert (change_step["requests"], change_step["repeated"], change_step["about"]["calls"]) == (10, 5, 5)
    assert before["about"]["calls"] == server.calls == 6
