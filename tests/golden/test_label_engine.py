"""A server with every fault: the labels are those of label_engine.json, each fault is counted by its reason.

python -m tests.golden.test_label_engine     # writes the file anew, after a change that was meant
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from components.annotate.engine.run import annotate_clips
from components.annotate.outcome import Outcome, count_by
from components.annotate.quality import agreement
from components.annotate.run import annotate
from components.core.files import dumps, read_json, write_text
from components.world.teacher import WorldTeacher
from tests.support import engine_run as engine
from tests.support.openai_server import serving
from tests.support.small_world import small_world
from tests.support.trouble_plan import RECOVERED, plan_of
from tests.support.troubled_server import Troubled
from tests.support.world_server import WorldModel

GOLDEN = Path(__file__).with_name("label_engine.json")
CLIPS = 4
TASKS = ("narration", "event_caption", "action_caption", "tsqa", "offline_qa")
WEIGHTS = {
    "narration": 1.0,
    "event_caption": 3.0,
    "action_caption": 2.0,
    "tsqa": 2.0,
    "count": 1.0,
    "clue": 1.0,
    "own_turn": 1.0,
    "own_turn_questions": 3.0,
    "offline": 1.0,
}


class Run:
    """All tasks against one troubled server."""

    def __init__(self, folder: Path):
        self.data = folder / "data"
        scenes = small_world(self.data, clips=CLIPS)
        plan, self.counted = plan_of(scenes)
        self.script = Troubled(WorldModel(self.data, scenes), plan)
        self.clips = [engine.clip_of(scene) for scene in scenes]
        self.outcomes: dict[str, Outcome] = {}
        with serving(self.script) as self.server:
            asker = engine.asker(self.server, folder / "answers", attempts=3)
            for task in TASKS:
                self.outcomes[task] = annotate_clips(
                    task,
                    self.clips,
                    asker,
                    engine.looks(self.data),
                    engine.settings(),
                    weights=WEIGHTS,
                    seed=0,
                )
        self.client = asker.clients["vision"]

    def golden(self) -> str:
        """Labels and what was set aside, without what hashes frames or words a library's error."""
        return dumps(
            {
                task: {
                    "labels": [
                        {key: value for key, value in label.items() if key != "provenance"}
                        for label in outcome.labels
                    ],
                    "quarantine": sorted([row["id"], row["reason"]] for row in outcome.quarantine),
                    "dropped": outcome.summary["dropped"],
                    "counts": outcome.summary["counts"],
                }
                for task, outcome in self.outcomes.items()
            }
        )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("components.teacher.asking.FIRST_WAIT_S", 0.01)
        return Run(tmp_path_factory.mktemp("troubled"))


def test_labels_equal_the_golden_file(run: Run) -> None:
    expected, found = read_json(GOLDEN), json.loads(run.golden())
    for task in TASKS:
        assert found[task] == expected[task], task


def test_every_fault_was_met_and_is_counted_by_its_reason(run: Run) -> None:
    assert run.script.met == run.script.plan.keys()
    found = {task: count_by(outcome.quarantine, "reason") for task, outcome in run.outcomes.items()}
    assert found == {task: dict(sorted(run.counted[task].items())) for task in TASKS}
    assert run.client.retried == RECOVERED


def test_no_question_was_asked_more_often_than_its_faults_make_necessary(run: Run) -> None:
    asked: dict[str, int] = {}
    for body in run.server.bodies:
        name = json.dumps(body, sort_keys=True)
        asked[name] = asked.get(name, 0) + 1
    again = sum(count - 1 for count in asked.values())
    assert (again, max(asked.values())) == (sum(RECOVERED.values()), 2)
    assert run.client.attempts == run.server.calls


def test_no_label_holds_what_a_fault_said(run: Run) -> None:
    said = dumps([outcome.labels for outcome in run.outcomes.values()]).lower()
    for text in ("</", "<|", "<stream>", "ignore all", "system:", "finally", "of course"):
        assert text not in said


@pytest.mark.parametrize("task", ["narration", "event_caption", "action_caption"])
def test_what_is_left_is_what_the_timelines_say(run: Run, task: str) -> None:
    truth = annotate(task, run.clips, WorldTeacher(run.data), {task: 40.0}, 0, run.data / "media").labels
    durations = {clip.video_id: clip.duration_s for clip in run.clips}
    found = agreement(truth, run.outcomes[task].labels, durations)["all"]["second_found"]
    assert found["value"] == 1.0 and found["n"] > 0


def test_labels_name_the_answers_they_rest_on(run: Run) -> None:
    for outcome in run.outcomes.values():
        rows: dict[str, Any] = {row["video_id"]: row for row in outcome.answers}
        assert len(rows) == CLIPS
        for label in outcome.labels:
            assert label["provenance"]["answers"] == rows[label["video_path"]]["fingerprint"]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        write_text(GOLDEN, Run(Path(made)).golden())
