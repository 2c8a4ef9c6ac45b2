import json

import pytest

from components.cli.main import main
from components.evaluate.streams import read_results
from tests.support.ovo_samples import benchmark, perfect_stream


@pytest.fixture
def argv(tmp_path):
    entries = benchmark()
    streams = [perfect_stream(entry) for entry in entries]
    (tmp_path / "results").mkdir()
    (tmp_path / "ann.json").write_text(json.dumps(entries))
    (tmp_path / "results" / "ovo.json").write_text(json.dumps(read_results(entries, streams)))
    kept = {"suite": "ovo", "streams": [stream.plain() for stream in streams]}
    (tmp_path / "predictions.json").write_text(json.dumps(kept))
    files = {"--annotations": "ann.json", "--results": "results", "--streams": "predictions.json"}
    return ["score", "ovo", *(word for name, file in files.items() for word in (name, str(tmp_path / file)))]


def test_streams_beside_the_rows_say_when_the_model_spoke(argv, capsys):
    assert main([*argv, "--json"]) == 0
    scored = json.loads(capsys.readouterr().out)
    spoken = scored["responses"]  # REC of this set speaks at its test points, not at the ends of its events
    for task in ("SSR", "CRR"):
        cell = spoken["tasks"][task]
        assert cell["precision"] == cell["recall"] == 100.0
        assert cell["duplicates"] == cell["false_alarms"] == 0 and cell["delay_turns"]["mean"] == 0.0
    assert list(spoken["windows"]) == ["0", "1", "3", "5"]
    assert spoken["blind"]["always_response"]["recall"] == 100.0 > spoken["blind"]["always_response"]["f1"]
    assert main([*argv[:-2], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["responses"] is None


def test_the_table_shows_policies_and_the_comparison(argv, capsys):
    assert main([*argv, "--against", argv[argv.index("--results") + 1]]) == 0
    told = capsys.readouterr().out
    head, *lines = told.splitlines()
    assert head.split()[:3] == ["official", "strict", "always_silent"] and "clock" in head
    assert any(line.startswith("REC") and line.split()[1] == "100.00" for line in lines)
    assert "against, official rule:" in told and "0 without a partner" in told


@pytest.mark.parametrize("content", ["[]", '{"streams": [{"task": "REC"}]}', '{"streams": [3]}'])
def test_a_file_without_streams_is_named(argv, tmp_path, capsys, content):
    (tmp_path / "predictions.json").write_text(content)
    assert main(argv) == 1
    assert "predictions.json" in capsys.readouterr().err
