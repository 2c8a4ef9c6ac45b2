"""Labels from endpoints as a user makes them: params.yaml names a server, the stages ask it, figures tell."""

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from components.annotate.run import annotate
from components.cli.profile import apply_profile
from components.core.files import read_json, write_json
from components.protocol.tables import read_samples
from components.world.scene import Scene
from components.world.teacher import WorldTeacher
from tests.e2e.workspace import Workspace, clone
from tests.support.engine_run import clip_of
from tests.support.openai_server import Server, serving
from tests.support.small_world import small_world
from tests.support.world_errors import Errors
from tests.support.world_server import WorldModel

WEIGHTS = {"narration": 1.0, "event_caption": 12.0}
ERRORS = Errors(slip=0.2, seed=0)  # the second grounding of one caption in two of the four clips
STAGE = (sys.executable, "-m", "components.annotate", "task", "--shard", "0", "--task")
IN_FLIGHT = 16  # concurrency of the endpoints in params.yaml
ANNOTATIONS = Path("artifacts/annotations")


def labelling(target: Path, url: str) -> Workspace:
    """A clone in which endpoints at `url` teach two tasks."""
    workspace, params = clone(target), target / "params.yaml"
    overlay = {
        "annotate": {"teacher": "openai", "tasks": list(WEIGHTS), "weights": WEIGHTS},
        "endpoints": {name: {"url": url} for name in ("annotator", "writer")},
    }
    params.write_text(apply_profile(params.read_text(), yaml.safe_dump(overlay))[0])
    return workspace


def kill_in_the_middle(workspace: Workspace, server: Server, calls: int) -> None:
    """Run stage annotate for narration, and kill it once `calls` questions have come."""
    process = subprocess.Popen(
        [*STAGE, "narration"], cwd=workspace.root, env=workspace.env, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while server.calls < calls and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    said = process.communicate()[1]
    assert process.returncode == -9, said
    while server.in_flight:
        time.sleep(0.005)
    assert not (workspace.root / ANNOTATIONS / "narration-0").exists()


def quality(workspace: Workspace, *files: str) -> dict[str, Any]:
    lengths = ["--media-root", "data/media"] if len(files) > 1 else []
    found: dict[str, Any] = json.loads(workspace.streamo("quality", *files, *lengths, "--json").stdout)
    return found


def write_truth(workspace: Workspace, scenes: list[Scene]) -> None:
    """What the teacher that reads the timelines says, as a label file."""
    clips, data = [clip_of(scene) for scene in scenes], workspace.root / "data"
    teacher = WorldTeacher(data)
    outcomes = [annotate(task, clips, teacher, WEIGHTS, 0, data / "media") for task in WEIGHTS]
    write_json(workspace.root / "truth.json", [label for one in outcomes for label in one.labels])


def test_endpoints_named_in_params_label_videos_and_the_figures_say_how_well(tmp_path: Path) -> None:
    data = tmp_path / "data"
    scenes = small_world(data, clips=4)
    with serving(WorldModel(data, scenes, errors=ERRORS)) as server:
        workspace = labelling(tmp_path / "clone", server.url)
        data.rename(workspace.root / "data")
        workspace.run(sys.executable, "-m", "components.video")
        kill_in_the_middle(workspace, server, calls=20)
        for task in WEIGHTS:
            workspace.run(*STAGE, task)
        workspace.run(sys.executable, "-m", "components.annotate", "ground", "--shard", "0")
        workspace.run(sys.executable, "-m", "components.lineage.dialogues")
        asked = Counter(json.dumps(body, sort_keys=True) for body in server.bodies)
    repeated = [times for times in asked.values() if times > 1]
    assert set(repeated) <= {2} and len(repeated) <= IN_FLIGHT  # when the stage was killed
    write_truth(workspace, scenes)
    summary = read_json(workspace.root / ANNOTATIONS / "event_caption-0" / "summary.json")
    assert summary["dropped"] == {"spans_disagree": 2}
    for task, kept in (("narration", 4), ("event_caption", 2)):
        found = quality(workspace, "truth.json", str(ANNOTATIONS / f"{task}-0/labels.json"))
        assert found["both"] == {task: kept}
        same, heard = found["tasks"][task]["state_same"], found["tasks"][task]["second_found"]
        assert (same["value"], same["videos"], heard["value"]) == (1.0, kept, 1.0)
    again = quality(workspace, str(ANNOTATIONS / "event_caption-0/answers.json"))
    assert again["videos_same"]["value"] == 0.5
    assert again["span_same"]["low"] <= 1 - ERRORS.slip <= again["span_same"]["high"]
    turns = list(read_samples(workspace.root / "artifacts/turns/turns.parquet"))
    assert {sample.task for sample in turns} == {*WEIGHTS, "event_grounding"}
    assert read_json(workspace.root / "artifacts/turns/quarantine.json") == []
