"""Suite offline of the smoke run: counted from its points, and repeated by the command byte for byte."""

from components.core.files import read_json
from components.core.hashing import sha256_file
from tests.e2e.workspace import Workspace

OUT = "artifacts/evaluation/qwen2_5_vl-focal-0-offline"


def test_retention_is_of_held_out_clips_and_adds_up(smoke: Workspace) -> None:
    scores, points = (read_json(smoke.root / OUT / f"{name}.json") for name in ("scores", "points"))
    split = read_json(smoke.root / "artifacts/dataset/split.json")
    assert points["points"] and not {point["video_id"] for point in points["points"]} & set(split)
    assert set(scores["retention"]["groups"]) == {"frame", "clip", "order"}
    for when in ("before", "after"):
        right = sum(point[when] for point in points["points"])
        assert sum(cell["correct"] for cell in scores[when]["tasks"].values()) == right
    assert scores["floors"]["random"]["total"] > 0


def test_the_command_repeats_the_stage(smoke: Workspace) -> None:
    model = "models/qwen2_5_vl-focal-0"
    smoke.streamo("evaluate", model, "--suite", "offline", "--out", "runs/again-offline")
    for name in ("predictions.json", "scores.json", "points.json"):
        again = smoke.root / "runs/again-offline" / name
        assert sha256_file(again) == sha256_file(smoke.root / OUT / name)
