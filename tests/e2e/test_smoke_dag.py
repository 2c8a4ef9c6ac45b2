"""The whole DAG on `profiles/smoke.yaml` in a temporary clone: what `make reproduce` does, in minutes."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.core.files import read_json
from components.infer.session import StreamSession
from components.infer.watch import Question, watch_file
from components.model.adapter import load
from components.video.manifest import read_manifest
from tests.e2e.workspace import Workspace

PYTHON = "python"


def test_the_flow_ends_with_the_table_and_the_report(smoke: Workspace) -> None:
    log = (smoke.root / "first.log").read_text()
    assert (smoke.root / "artifacts/report/results.txt").read_text().splitlines()[0] in log
    assert "artifacts/report/index.html" in log
    assert (smoke.root / "artifacts/register/verdict.json").exists()


def test_every_product_has_an_identity(smoke: Workspace) -> None:
    lock = yaml.safe_load((smoke.root / "dvc.lock").read_text())
    outs = [out["path"] for stage in lock["stages"].values() for out in stage["outs"]]
    assert len(outs) >= 20
    missing = [out for out in outs if not (smoke.root / out / "identity.json").exists()]
    assert missing == []


def test_again_at_once_runs_no_stage_command(smoke: Workspace) -> None:
    before = smoke.run_records()
    done = smoke.run(PYTHON, "-m", "flows.reproduce")
    assert smoke.run_records() == before
    stages = len(yaml.safe_load((smoke.root / "dvc.lock").read_text())["stages"])
    assert done.stdout.count(": Cached") == stages


def test_dvc_agrees_that_nothing_is_left_to_do(smoke: Workspace) -> None:
    assert smoke.run("dvc", "status", "--json").stdout.strip() in {"{}", ""}


def recorded_clips(root: Path) -> list[dict[str, Any]]:
    """Every held-out clip as stage evaluate watched it to its end, with one question."""
    clips: list[dict[str, Any]] = read_json(
        root / "artifacts/evaluation/qwen2_5_vl-focal-0-ovo/predictions.json"
    )["clips"]
    return clips


def test_a_live_stream_repeats_the_evaluated_states_on_every_held_out_clip(smoke: Workspace) -> None:
    clips = recorded_clips(smoke.root)
    manifest = read_manifest(smoke.root / "artifacts/corpus/manifest.parquet", role="benchmark")
    assert {clip["video"] for clip in clips} == {video.video_id for video in manifest}
    adapter = load(smoke.root / "models/qwen2_5_vl-focal-0")
    for clip in clips:
        asks = [Question(ask["text"], ask["at"]) for ask in clip["asks"]]
        path = smoke.root / "data/media" / clip["video"]
        turns = [turn for turn, _ in watch_file(StreamSession(adapter), path, asks)]
        assert [turn.state.label for turn in turns] == clip["states"]
        assert {str(turn.turn): turn.text for turn in turns if turn.text is not None} == clip["texts"]


def test_the_stream_command_repeats_them_too(smoke: Workspace) -> None:
    clip = recorded_clips(smoke.root)[0]
    asks = [f"--ask={ask['text']}@{ask['at']}" for ask in clip["asks"]]
    path = smoke.root / "data/media" / clip["video"]
    done = smoke.streamo("stream", "--model", "models/qwen2_5_vl-focal-0", str(path), *asks, "--json")
    assert [json.loads(line)["state"] for line in done.stdout.splitlines()] == clip["states"]


def test_no_output_holds_a_secret(smoke: Workspace) -> None:
    secret = smoke.env["AWS_SECRET_ACCESS_KEY"].encode()
    places = [smoke.root / name for name in ("artifacts", "models", "runs", "dvc.lock")]
    files = [p for place in places for p in ([place] if place.is_file() else place.rglob("*")) if p.is_file()]
    assert files
    assert [str(p) for p in files if secret in p.read_bytes()] == []


def flip(path: Path) -> None:
    """Change one byte, keep size and modification time."""
    stat = path.stat()
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def targets(root: Path) -> list[Path]:
    """One file of each kind: a video, a shard, a cached object, a model."""
    return [
        sorted((root / "data/media").rglob("*.mp4"))[0],
        root / "artifacts/dataset/train/shard-000.parquet",
        max((root / ".dvc/cache").rglob("*"), key=lambda p: p.stat().st_size if p.is_file() else -1),
        root / "models/qwen2_5_vl-focal-0/model.safetensors",
    ]


@pytest.mark.parametrize("kind", range(4), ids=["video", "shard", "cached-object", "model"])
def test_audit_names_a_flipped_byte(smoke: Workspace, kind: int) -> None:
    path = targets(smoke.root)[kind]
    flip(path)
    try:
        done = smoke.streamo("audit", "--json", check=1)
        assert path.relative_to(smoke.root).as_posix() in done.stdout
    finally:
        flip(path)


def test_audit_passes_on_what_the_flow_made(smoke: Workspace) -> None:
    assert json.loads(smoke.streamo("audit", "--json").stdout)["ok"] is True
