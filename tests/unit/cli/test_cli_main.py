"""The front of the command line: light, one line for a mistake, exit codes users script against."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from components.cli.main import COMMANDS, main
from components.core.errors import DataError, StreamoError

ROOT = Path(__file__).resolve().parents[3]
HEAVY = {
    "torch",
    "numpy",
    "transformers",
    "prefect",
    "dvc",
    "deepspeed",
    "great_expectations",
    "evidently",
    "av",
    "pandas",
}


def test_help_lists_every_command_and_loads_nothing_heavy() -> None:
    code = "import sys; from components.cli.main import main\n"
    code += "try: main(['--help'])\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert all(re.search(rf"^    {name}\s", done.stdout, re.M) for name in COMMANDS)
    assert {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()} & HEAVY == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_own_help_and_a_run(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([name, "--help"])
    assert left.value.code == 0
    assert f"streamo {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "required: COMMAND"),
        (["probee"], "invalid choice: 'probee'"),
        (["plan", "--stag", "x", "--nope"], "--nope"),
        (["profile"], "required: name"),
        (["profile", "nope"], "no profile 'nope'"),
        (["plan", "--stage", "nope"], "no stage 'nope'"),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(argv) == 2
    err = capsys.readouterr().err
    assert said in err and err.startswith("streamo: ") and err.count("\n") == 1


def plant(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make `streamo plan` raise."""
    import components.cli.plan as plan

    def run(args: object) -> int:
        raise error

    monkeypatch.setattr(plan, "run", run)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (DataError("rows\n  1, 2"), 1, "streamo: rows 1, 2\n"),
        (StreamoError("engine"), 3, "streamo: engine\n"),
        (KeyboardInterrupt(), 130, "streamo: interrupted\n"),
        (KeyError("x"), 3, "streamo: internal failure, KeyError: 'x' (`streamo --debug` shows where)\n"),
    ],
)
def test_failures_are_one_line_with_their_code(
    error: BaseException,
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch, error)
    assert main(["plan"]) == code
    assert capsys.readouterr().err == said


def test_debug_shows_where(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, ValueError("deep"))
    assert main(["--debug", "plan"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    code = "import components.cli.plan as p, sys\n"
    code += "p.run = lambda a: [print('x' * 99) for _ in range(99999)] and 0\n"
    code += "from components.cli.main import main\nsys.exit(main(['plan']))"
    writer = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert writer.stdout and writer.stderr
    writer.stdout.readline()
    writer.stdout.close()
    assert writer.stderr.read() == b""
    assert writer.wait() == 141
