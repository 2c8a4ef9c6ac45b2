"""The whole DAG on `profiles/smoke.yaml` in a temporary clone: what `make reproduce` does, in minutes."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.workspace import Workspace, clone

PYTHON = "python"


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A clone in which the smoke DAG has run once through the flow."""
    workspace = clone(tmp_path_factory.mktemp("smoke"))
    workspace.streamo("profile", "smoke")
    (workspace.root / "dvc.lock").unlink(missing_ok=True)
    workspace.run(PYTHON, "-m", "components.world", "--out", "data")
    workspace.run("dvc", "add", "-q", "data")
    done = workspace.run(PYTHON, "-m", "flows.reproduce")
    (workspace.root / "first.log").write_text(done.stdout + done.stderr)
    yield workspace
    shutil.rmtree(workspace.root, ignore_errors=True)


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


def test_the_stream_command_repeats_the_evaluated_states(smoke: Workspace) -> None:
    folder = smoke.root / "artifacts/evaluation/focal-0-ovo"
    streams = json.loads((folder / "predictions.json").read_text())["streams"]
    stream = next(s for s in streams if s["questions"])
    asks = [f"--ask={question['text']}@{question['asked_at']}" for question in stream["questions"]]
    clip = smoke.root / "data/media" / stream["video_id"]
    done = smoke.streamo("stream", "--model", "models/focal-0", str(clip), *asks, "--json")
    said = [json.loads(line)["state"] for line in done.stdout.splitlines()]
    wanted = [turn["state"] for turn in stream["turns"]]
    assert said[: len(wanted)] == wanted


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
        root / "models/focal-0/model.safetensors",
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
