"""The gate's result object, the stage body, Data Docs and the command line."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from components.cli.main import main
from components.core.errors import DataError, UsageError
from components.core.files import dumps
from components.protocol.tables import EVENT_SCHEMA, TURN_SCHEMA
from components.validate.gate import run_gate
from components.validate.profiles import PAPER, choose_profile, make_profile
from components.validate.stage import validate
from components.validate.tables import load_tables

STATES = ["silence"] * 12 + ["standby"] * 3 + ["response"] * 2
RATIO = {name: value for name, value in PAPER.items() if name != "task_tolerance"}
SECTION = {"ratio_profile": "paper", "profiles": {"paper": PAPER, "even": {**PAPER, "tolerance": 0.0}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clean turn table of two samples, its events and its manifest."""
    write(tmp_path)
    return tmp_path


def write(folder: Path, **change: Any) -> None:
    rows = []
    for sample in ("a", "b"):
        for turn, state in enumerate(STATES):
            rows.append(
                {
                    "sample_id": sample,
                    "video_id": f"{sample}.mp4",
                    "video_duration_s": 17.0,
                    "task": "narration",
                    "source": "t",
                    "turn": turn,
                    "start_s": float(turn),
                    "end_s": turn + 1.0,
                    "question": [] if turn else ["what?"],
                    "state": state,
                    "text": "done" if state == "response" else None,
                }
            )
    rows[5] |= change
    event = {"sample_id": "a", "start_s": 12.0, "end_s": 15.0, "text": "done", "question_turn": 0}
    pq.write_table(pa.Table.from_pylist(rows, schema=TURN_SCHEMA), folder / "turns.parquet")
    pq.write_table(pa.Table.from_pylist([event], schema=EVENT_SCHEMA), folder / "events.parquet")
    pq.write_table(pa.table({"video_id": ["a.mp4", "b.mp4"]}), folder / "videos.parquet")


def run_stage(folder: Path) -> None:
    (folder / "out").mkdir()
    validate(
        folder / "out",
        folder / "failure",
        turns=folder / "turns.parquet",
        events=folder / "events.parquet",
        manifest=folder / "videos.parquet",
        section=SECTION,
    )


def test_rules_whose_input_is_absent_are_listed_as_not_checked(folder: Path) -> None:
    result = run_gate(load_tables(folder / "turns.parquet"), choose_profile(None, None)).result
    unchecked = [name for name, rule in result["rules"].items() if rule["passed"] is None]
    of_shares, of_files = ["source_state_shares", "accepted_shares"], ["video_known"]
    of_events = ["event_before_end", "event_times_ordered", "event_sample_known"]
    assert unchecked == [*of_shares, *of_files, *of_events]
    assert all(result["rules"][name]["checked"] is False for name in unchecked)
    assert result["success"] is True
    assert result["rows"] == 34


def test_two_runs_give_the_same_bytes(folder: Path) -> None:
    texts = []
    for _ in range(2):
        tables = load_tables(folder / "turns.parquet", folder / "events.parquet", folder / "videos.parquet")
        outcome = run_gate(tables, choose_profile(None, None))
        texts.append(dumps([outcome.result, outcome.expectations, outcome.gx_result]))
    assert texts[0] == texts[1]


def test_an_unknown_rule_cannot_be_removed(folder: Path) -> None:
    with pytest.raises(ValueError, match="no_such_rule"):
        run_gate(load_tables(folder / "turns.parquet"), choose_profile(None, None), without=("no_such_rule",))


def test_an_empty_table_does_not_pass(tmp_path: Path) -> None:
    pq.write_table(TURN_SCHEMA.empty_table(), tmp_path / "t.parquet")
    result = run_gate(load_tables(tmp_path / "t.parquet"), choose_profile(None, None)).result
    assert result["success"] is False
    assert result["rules"]["state_shares"]["passed"] is False


def test_a_passed_stage_publishes_result_suite_and_gx_result(folder: Path, capsys: Any) -> None:
    run_stage(folder)
    names = sorted(path.name for path in (folder / "out").iterdir())
    assert names == ["expectations.json", "gx_result.json", "result.json"]
    assert json.loads((folder / "out/result.json").read_text())["success"] is True
    assert not (folder / "failure").exists()
    assert "passed: 34 turns; silence 70.6 %" in capsys.readouterr().out


def test_a_failed_stage_names_the_rows_and_leaves_them_for_the_operator(folder: Path, capsys: Any) -> None:
    write(folder, text="</Standby>")
    with pytest.raises(DataError, match=r"only_response_has_text \(1 rows\), no_state_token \(1 rows\)"):
        run_stage(folder)
    assert list((folder / "out").iterdir()) == []
    failure = json.loads((folder / "failure/last_failure.json").read_text())
    assert failure["rules"]["no_state_token"]["examples"] == [{"sample_id": "a", "turn": 5}]
    assert "no_state_token\tsample a\tturn 5" in capsys.readouterr().err


def test_data_docs_are_rebuilt_from_the_stored_result(folder: Path) -> None:
    from components.validate.docs import build_docs

    write(folder, text="early")
    with pytest.raises(DataError):
        run_stage(folder)
    index = build_docs(folder / "failure/last_failure", folder / "docs")
    pages = {path.name: path.read_text() for path in (folder / "docs").rglob("*.html")}
    assert index.read_text().count("validations/turns/") > 0
    assert {"turns.html", "events.html"} <= set(pages)
    results = next(p for p in (folder / "docs/validations").rglob("turns.html")).read_text()
    assert "A turn with a text is a Response." in results
    assert "Failed" in results


def test_data_docs_of_nothing_name_the_missing_file(tmp_path: Path) -> None:
    from components.validate.docs import build_docs

    with pytest.raises(DataError, match=r"expectations\.json: no such file"):
        build_docs(tmp_path, tmp_path / "docs")


def test_command_line_prints_one_object(folder: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.chdir(folder)
    arguments = ["--events", "events.parquet", "--videos", "videos.parquet", "--json"]
    assert main(["validate", "turns.parquet", *arguments]) == 0
    result = json.loads(capsys.readouterr().out)
    assert {"success", "rows", "shares", "rules"} <= set(result)
    unchecked = {"source_state_shares", "accepted_shares"}
    assert {rule["passed"] for name, rule in result["rules"].items() if name not in unchecked} == {True}


def test_command_line_exits_1_with_the_rows_on_stderr(folder: Path, monkeypatch: Any, capsys: Any) -> None:
    write(folder, start_s=2.0, end_s=3.0)
    monkeypatch.chdir(folder)
    assert main(["validate", "turns.parquet", "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["rules"]["time_increasing"]["examples"] == [{"sample_id": "a", "turn": 5}]
    assert "time_increasing\tsample a\tturn 5" in said.err


def test_command_line_takes_the_profile_of_params_yaml(folder: Path, monkeypatch: Any, capsys: Any) -> None:
    (folder / "params.yaml").write_text(yaml.safe_dump({"validate": SECTION}))
    monkeypatch.chdir(folder)
    assert main(["validate", "turns.parquet"]) == 0
    assert main(["validate", "turns.parquet", "--profile", "even"]) == 1
    assert "state_shares" in capsys.readouterr().err
    assert main(["validate", "turns.parquet", "--profile", "nobody"]) == 2
    assert "known: even, paper" in capsys.readouterr().err


def test_command_line_compares_with_the_accepted_result(folder: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.chdir(folder)
    assert main(["validate", "turns.parquet", "--json"]) == 0
    (folder / "accepted.json").write_text(capsys.readouterr().out)
    assert main(["validate", "turns.parquet", "--accepted", "accepted.json", "--drift", "0"]) == 0
    write(folder, state="standby")
    capsys.readouterr()
    assert (
        main(["validate", "turns.parquet", "--accepted", "accepted.json", "--drift", "0.02", "--json"]) == 1
    )
    rules = json.loads(capsys.readouterr().out)["rules"]
    assert [name for name, rule in rules.items() if rule["passed"] is False] == ["accepted_shares"]


def test_command_line_names_a_missing_column(folder: Path, monkeypatch: Any, capsys: Any) -> None:
    table = pq.read_table(folder / "turns.parquet").drop_columns(["state"])
    pq.write_table(table, folder / "turns.parquet")
    monkeypatch.chdir(folder)
    assert main(["validate", "turns.parquet"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "turns.parquet: column 'state' is missing" in said.err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"silence": 0.9}, "sum to"),
        ({"silence": "much"}, "paper.silence: expected a number"),
        ({"tolerance": 3}, "paper.tolerance: expected a number"),
        ({"extra": 0.1}, "expected exactly the fields"),
        ({"sources": {"koala": {"silence": 1.0}}}, "paper.sources.koala: expected exactly the fields"),
        ({"tasks": {"tsqa": {**RATIO, "silence": 0.1}}}, "paper.tasks.tsqa: the three shares sum to"),
        ({"tasks": 0.1}, "paper.tasks: expected names"),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make_profile("paper", {**PAPER, **change})
