"""`streamo validate` where there is no params.yaml: one profile is known, and asking for another says why."""

from pathlib import Path

import pytest

from components.cli.main import main


def test_a_profile_of_a_params_file_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["validate", "turns.parquet", "--profile", "activitynet_captions"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{tmp_path} has none; run it in a checkout" in line

    assert main(["validate", "turns.parquet", "--profile", "paper"]) != 0
    assert "turns.parquet" in capsys.readouterr().err, (
        "the built-in profile is known: now the table is missed"
    )
