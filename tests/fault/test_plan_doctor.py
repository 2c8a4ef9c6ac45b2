"""`streamo plan` and `streamo doctor` in a repository with things changed, gone and missing."""

import contextlib

import pytest

from components.cli.main import main
from tests.support.toy_dag import Toy


def plan(toy: Toy, capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, str]:
    """Stage -> its line of the plan."""
    with contextlib.chdir(toy.root):
        assert main(["plan", *argv]) == 0
    lines = capsys.readouterr().out.splitlines()
    return {line[11:].split(":")[0].split(" ")[0]: line for line in lines}


def test_plan_says_what_would_run_and_why_and_runs_nothing(
    done: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    assert all(
        line.startswith("skip")
        for name, line in plan(done, capsys).items()
        if "@" in name or name == "corpus"
    )
    before = done.records()
    done.set_params(
        sleep={**dict.fromkeys(["corpus", "annotate", "dialogues", "dataset", "train"], 0), "validate": -1}
    )
    said = plan(done, capsys)
    assert said["validate"].startswith("run ") and "parameter sleep.validate changed" in said["validate"]
    assert said["dataset"].startswith("look again") and "validate may give other bytes" in said["dataset"]
    assert "train@focal-0 [0:0" in said["train@focal-0"] and "MiB]" in said["train@focal-0"]
    assert said["dialogues"].startswith("skip")
    assert done.records() == before
    assert set(plan(done, capsys, "--stage", "validate")) >= {"validate", "corpus"}
    assert "dataset" not in plan(done, capsys, "--stage", "validate")


def test_plan_of_a_new_checkout(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    said = plan(toy, capsys)
    assert "never run" in said["train@focal-0"]
    assert said["data.dvc"].startswith("skip")
    (toy.root / "data/media/train/c0.mp4").write_bytes(b"x")
    said = plan(toy, capsys)["data.dvc"]
    assert said.startswith("compare") and "`dvc add` to accept" in said


def test_doctor_names_what_is_missing_and_the_mend(done: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.chdir(done.root):
        main(["doctor"])
        healthy = capsys.readouterr().out
        (done.root / "data/media/train/c0.mp4").unlink()
        old = done.root / "artifacts/annotations/old-0"
        old.mkdir()
        assert main(["doctor"]) == 1
    assert "ok        data: 2 files" in healthy and "ok        strays: none" in healthy
    sick = capsys.readouterr().out
    assert "MISSING   data: data differs from data.dvc: media/train/c0.mp4 is missing" in sick
    assert "MISSING   strays: artifacts/annotations/old-0; mend: rm -r artifacts/annotations/old-0" in sick


def test_doctor_without_git_on_the_path(
    done: Toy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with contextlib.chdir(done.root):
        assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "MISSING   git: not found; mend: apt-get install git" in said
    assert "MISSING   setpriv: not found; mend: apt-get install util-linux" in said
    assert "optional  g++ (several training ranks): not found; mend: bash infra/apt.sh" in said
