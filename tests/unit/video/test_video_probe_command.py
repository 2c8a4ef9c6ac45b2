"""`streamo probe` as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import videos

ROOT = Path(__file__).resolve().parents[3]
CONTRACT = {"path", "status", "reason", "duration_s", "frames", "fps", "variable_rate", "rotation"}
CONTRACT |= {"width", "height", "codec"}


def streamo(*words, cwd):
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, "-m", "components.cli", "probe", *words],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def folder(tmp_path):
    videos.sub_second(tmp_path / "a.mp4")
    videos.not_media(tmp_path / "b.mp4")
    return tmp_path


def test_one_file_is_one_object(folder):
    done = streamo("a.mp4", "--json", cwd=folder)
    result = json.loads(done.stdout)
    assert done.returncode == 0
    assert set(result) >= CONTRACT
    assert (result["path"], result["status"], result["reason"]) == ("a.mp4", "ok", None)


def test_many_files_are_json_lines_and_one_rejected_is_exit_1(folder):
    done = streamo("--json", "--quick", "b.mp4", "a.mp4", "gone.mp4", cwd=folder)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [(r["path"], r["reason"]) for r in results] == [
        ("b.mp4", "not_media"),
        ("a.mp4", None),
        ("gone.mp4", "not_found"),
    ]


def test_people_get_one_line_a_file(folder):
    done = streamo("a.mp4", "b.mp4", cwd=folder)
    assert done.stdout.splitlines()[0] == "ok  a.mp4  0.100 s, 1 turns, 3 frames, 30.00 fps, 64x48, h264"
    assert done.stdout.splitlines()[1].startswith("rejected  b.mp4  not_media: ")
    assert done.stderr == "1 ok, 1 rejected\n"


@pytest.mark.parametrize("words", [[], ["--frobnicate", "a.mp4"]])
def test_wrong_use_is_one_line_and_exit_2(folder, words):
    done = streamo(*words, cwd=folder)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert not done.stdout
