"""`streamo evaluate --suite mvbench|...`: wrong use is one line and exit 2, a run says how to score it."""

import json
from pathlib import Path

import pytest

from components.cli.main import main
from components.model.tiny import build_tiny
from tests.support.heldout import write_clip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A question about a clip that is there and one about a clip that is not."""
    write_clip(tmp_path / "videos/a.mp4", 3, 1)
    build_tiny(tmp_path / "model", ["what color A B"], 3, states=False)
    rows = [
        {"id": name, "video_id": name, "question": "Question: Q?\nOptions:\n(A) x\n(B) y", "answer": 1}
        | {"task_type": "action_count"}
        for name in ("a", "gone")
    ]
    (tmp_path / "mvbench.json").write_text(json.dumps(rows))
    return tmp_path


def command(place: Path, *more: str, suite: str = "mvbench") -> list[str]:
    head = ["evaluate", str(place / "model"), "--suite", suite, "--out", str(place / "out")]
    return [*head, *more]


@pytest.mark.parametrize(
    ("suite", "more", "said"),
    [
        ("mvbench", (), "needs --annotations"),
        ("mvbench", ("--annotations", "x"), "needs --videos"),
        (
            "mvbench",
            ("--annotations", "x", "--videos", "y", "--protocol", "online"),
            "belongs to --suite ovo",
        ),
        (
            "mvbench",
            ("--annotations", "x", "--videos", "y", "--subtitles", "z"),
            "videomme or longvideobench",
        ),
        ("ovo", ("--subtitles", "z"), "videomme or longvideobench"),
        ("videomme", ("--annotations", "x", "--videos", "y", "--frames", "0"), ">= 1"),
    ],
)
def test_wrong_use(
    place: Path, capsys: pytest.CaptureFixture[str], suite: str, more: tuple[str, ...], said: str
) -> None:
    assert main(command(place, *more, suite=suite)) == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1


def test_a_run_tells_what_was_rejected_and_its_scoring_command_works(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ("--annotations", str(place / "mvbench.json"), "--videos", str(place / "videos"))
    assert main(command(place, *files, "--frames", "2")) == 0
    told = capsys.readouterr().out
    assert "1 of 2 questions answered; rejected: 1 video_not_found" in told
    assert main([*told.splitlines()[1].removeprefix("score it: streamo ").split(), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tasks"]["action_count"]["total"] == 2
    assert main(command(place, *files, "--frames", "3")) == 2  # the folder holds other settings
    assert "frames: 2 then, 3 now" in capsys.readouterr().err
