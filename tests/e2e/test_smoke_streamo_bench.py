"""Suite streamo_bench of the smoke run: of held-out clips only, and scored by the command as by the stage."""

import json

from components.core.files import read_json
from components.evaluate.streamo_bench import format
from tests.e2e.workspace import Workspace

OUT = "artifacts/evaluation/qwen2_5_vl-focal-0-streamo_bench"


def test_the_set_names_no_training_video_and_the_command_gives_the_stage_s_scores(smoke: Workspace) -> None:
    folder = smoke.root / OUT
    bench = format.load(folder / "set.json")
    split = read_json(smoke.root / "artifacts/dataset/split.json")
    assert bench.tasks
    assert not {video.video_id for video in bench.videos} & {
        v for v, part in split.items() if part == "train"
    }
    args = ("--annotations", f"{OUT}/set.json", "--results", f"{OUT}/predictions.json", "--json")
    trained = ("--trained-on", "artifacts/dataset/train")
    told = json.loads(smoke.streamo("score", "streamo_bench", *args, *trained).stdout)
    stored = read_json(folder / "scores.json")
    assert {name: stored[name] for name in told} == told
    silent = stored["floors"]["always_silent"]
    assert silent["strict"]["total"] == 0
