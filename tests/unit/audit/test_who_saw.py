"""Which models saw a video: right for every planted case (tests/unit/conftest.py)."""

import contextlib
import json
from pathlib import Path

import pytest

from components.audit.seen import Seen, who_saw
from components.cli.main import main
from components.core.files import read_json, write_json
from tests.support.audit_world import HELD_OUT, World, video


def roles(seen: Seen) -> list[tuple[str, str, str]]:
    return [(each.version, each.role, each.video_id) for each in seen.sightings]


PLANTED = {
    "train/c0.mp4": [("v0.0.1", "train", "train/c0.mp4"), ("v0.0.2", "validation", "train/renamed.mp4")],
    "train/c1.mp4": [
        ("v0.0.1", "train", "train/c1.mp4"),
        ("v0.0.2", "train", "train/c1.mp4"),
        ("v0.0.3", "benchmark", "bench/c1.mp4"),
    ],
    "train/c2.mp4": [("v0.0.1", "validation", "train/c2.mp4")],
    "train/c4.mp4": [("v0.0.3", "validation", "train/c4.mp4")],
    "train/drop.mp4": [("v0.0.2", "excluded", "train/drop.mp4")],
    "train/bad.mp4": [("v0.0.2", "excluded", "train/bad.mp4")],
    HELD_OUT: [(version, "benchmark", HELD_OUT) for version in ("v0.0.1", "v0.0.2", "v0.0.3")],
    "train/never.mp4": [],
}


def test_every_planted_case_by_its_id(registered: World) -> None:
    found = who_saw([*PLANTED], registered.root)
    assert {seen.asked: roles(seen) for seen in found} == PLANTED
    assert all(seen.unknown == seen.unlisted == [] for seen in found)
    by = {each.video_id: each.by for each in found[0].sightings}
    assert by == {"train/c0.mp4": "id", "train/renamed.mp4": "bytes"}


def test_a_file_is_found_by_its_bytes_under_every_name(registered: World, tmp_path: Path) -> None:
    names = {"holiday.mp4": video("c0"), "broken.mp4": b"broken" * 9, "new.mp4": b"never seen"}
    for name, data in names.items():
        (tmp_path / name).write_bytes(data)
    found = who_saw([str(tmp_path / name) for name in names], registered.root)
    assert [roles(seen) for seen in found] == [PLANTED["train/c0.mp4"], PLANTED["train/bad.mp4"], []]


def test_a_fresh_clone_knows_as_much(copied: World) -> None:
    clone = copied.clone()
    assert {seen.asked: roles(seen) for seen in who_saw([*PLANTED], clone)} == PLANTED


def test_data_that_cannot_be_listed_is_said(copied: World) -> None:
    clone = copied.clone()
    (seen,) = who_saw(["train/bad.mp4"], clone, offline=True)
    assert seen.sightings == []
    assert seen.unlisted == ["v0.0.1", "v0.0.2", "v0.0.3"]


def test_a_package_that_does_not_tell_makes_it_exit_1(
    copied: World, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copied.store / "versions/v0.0.2.json"
    manifest = read_json(path)
    del manifest["files"]["product/dataset/split.json"]
    write_json(path, manifest)
    with contextlib.chdir(copied.root):
        assert main(["saw", "train/c0.mp4", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["unknown"] == ["v0.0.2"]
    assert [each["version"] for each in told["sightings"]] == ["v0.0.1"]


def test_the_command_tells_role_version_and_stage(
    registered: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.chdir(registered.root):
        assert main(["saw", "train/c1.mp4", "train/never.mp4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:3] == ["train", "v0.0.1", "candidate,"]
    assert lines[-1] == "  no registered version had it"
