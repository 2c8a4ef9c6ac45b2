"""A version made by the real DAG, audited later and elsewhere: from a fresh clone with the remotes alone."""

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.workspace import Workspace

VERSION = "v0.0.1"


@dataclass(frozen=True)
class Registered:
    """The checkout that registered, a clone without products or cache, and the DVC remote of both."""

    made: Workspace
    clone: Workspace
    remote: Path

    def streamo(self, where: Workspace, *argv: str, check: int = 0) -> list[Any]:
        """A command with `--json` in one of the two, both with the same store; its JSON lines."""
        store = f"STREAMO_REGISTRY={self.made.root / 'registry/store'}"
        command = ["env", store, sys.executable, "-m", "components.cli.main", *argv, "--json"]
        return [json.loads(line) for line in where.run(*command, check=check).stdout.splitlines()]


@pytest.fixture(scope="module")
def registered(smoke: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registered]:
    """The smoke run, committed, pushed and registered in a copy; then dvc.lock moves on."""
    base = tmp_path_factory.mktemp("audit")
    shutil.copytree(smoke.root, base / "made", symlinks=True)
    made, clone = Workspace(base / "made"), Workspace(base / "clone")
    for argv in (
        ["dvc", "remote", "add", "-q", "-d", "folder", "../remote"],
        ["git", "add", "-A"],
        ["git", "commit", "-qm", "the smoke run"],
        ["dvc", "push", "-q"],
    ):
        made.run(*argv)
    assert json.loads(made.streamo("register", "--json").stdout)["version"] == VERSION
    (made.root / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    made.run("git", "commit", "-qam", "dvc.lock moved on")
    made.run("git", "clone", "-q", ".", str(clone.root))
    (clone.root / "home").mkdir(exist_ok=True)
    yield Registered(made, clone, base / "remote")
    shutil.rmtree(base, ignore_errors=True)


def test_everything_verifies_in_a_fresh_clone(registered: Registered) -> None:
    assert not (registered.clone.root / "artifacts").exists()
    (report,) = registered.streamo(registered.clone, "audit", VERSION)
    assert report["ok"] is True and report["findings"] == []
    paths = [link["path"] for link in report["chains"][0]["links"]]
    assert paths[0].startswith("models/") and paths[-1] == "data"
    teachers = {link["about"].get("teacher") for link in report["chains"][0]["links"]}
    assert "world-1" in teachers


def test_the_numbers_that_can_be_counted_again_are(registered: Registered) -> None:
    (report,) = registered.streamo(registered.made, "audit", VERSION)
    told = {each["what"]: each["verified"] for each in report["numbers"]}
    assert {what for what, verified in told.items() if verified is False} == set()
    for model in ("qwen2_5_vl-ce-0", "qwen2_5_vl-fixed-0", "qwen2_5_vl-focal-0"):
        assert told[f"{model}-ovo matched accuracies"] is True
        assert told[f"{model}-validation interval of macro F1"] is True
        assert told[f"report {model} ovo"] is True
    assert told["dataset train"] is True
    assert report["videos"]["without_licence"] == []


def test_the_graph_of_the_clone_is_that_of_the_checkout(registered: Registered) -> None:
    (ours,) = registered.streamo(registered.made, "lineage", VERSION)
    (theirs,) = registered.streamo(registered.clone, "lineage", VERSION)
    nodes = [[{**node, "run": None} for node in each["nodes"]] for each in (ours, theirs)]
    assert nodes[0] == nodes[1] and len(nodes[0]) > 20
    assert any(node["run"] for node in ours["nodes"]) and not any(node["run"] for node in theirs["nodes"])


def test_who_saw_a_video_of_the_corpus_and_of_the_benchmark(registered: Registered) -> None:
    media = registered.made.root / "data/media"
    files = [str(sorted(media.glob(f"{folder}/*.mp4"))[0]) for folder in ("train", "heldout")]
    trained, held_out = registered.streamo(registered.clone, "saw", *files)
    assert [each["role"] for each in held_out["sightings"]] == ["benchmark"]
    (role,) = {each["role"] for each in trained["sightings"]}
    assert role in {"train", "validation"}


def test_one_byte_of_a_remote_object_is_named(registered: Registered) -> None:
    victim = max((registered.remote / "files/md5").glob("??/*"), key=lambda path: path.stat().st_size)
    good = victim.read_bytes()
    victim.chmod(0o644)
    victim.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    try:
        (report,) = registered.streamo(registered.clone, "audit", VERSION, check=1)
        name = victim.parent.name + victim.name
        assert {f["kind"] for f in report["findings"] if name in f["detail"]} == {"changed"}
        assert all(f["product"] for f in report["findings"] if name in f["detail"])
    finally:
        victim.write_bytes(good)
