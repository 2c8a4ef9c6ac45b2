"""What the UI shows of a run; a run without a server says so once; the flow `audit` reads its child."""

from pathlib import Path
from typing import Any

import pytest

from components.core.errors import DataError, InternalError
from flows.artifacts import Board, gate_row, show_outcome, show_reproduction
from flows.audit import parse
from flows.children import Finished

GROUP = {
    "candidate": 27.92,
    "champion": 46.74,
    "difference": -18.82,
    "interval": [-22.28, -15.39],
    "margin": 10.0,
    "passed": False,
}


class Shown(Board):
    """A board that keeps what it is given."""

    def __init__(self) -> None:
        self.said: list[str] = []
        super().__init__(self.said.append)
        self.kept: dict[str, Any] = {}

    def show_table(self, key: str, rows: list[dict[str, Any]], description: str) -> None:
        self.kept[key] = rows

    def show_text(self, key: str, text: str, description: str) -> None:
        self.kept[key] = text


def test_outside_a_flow_it_says_once_that_nothing_is_shown(tmp_path: Path) -> None:
    said: list[str] = []
    board = Board(said.append)
    board.show_progress(1, 2, "corpus: Completed")
    board.show_text("next", "text", "description")
    show_reproduction(board, tmp_path, {"corpus": "Completed"}, [])
    assert len(said) == 1 and "no artifacts" in said[0]


def test_a_finished_and_a_failed_run(tmp_path: Path) -> None:
    results = tmp_path / "artifacts/report/results.txt"
    results.parent.mkdir(parents=True)
    results.write_text("served: ce-0\n")
    board = Shown()
    show_reproduction(board, tmp_path, {"corpus": "Cached", "report": "Completed"}, [])
    assert [row["state"] for row in board.kept["stages"]] == ["Cached", "Completed"]
    assert "served: ce-0" in board.kept["results"] and "streamo register" in board.kept["results"]
    board = Shown()
    states = {"corpus": "Failed", "report": "NotReady"}
    show_reproduction(board, tmp_path, states, ["corpus failed, see runs/logs/1/corpus.log"])
    assert "runs/logs/1/corpus.log" in board.kept["next"]
    assert "results" not in board.kept  # the table on the disk is of an earlier run


def test_a_refusal_shows_its_interval_its_reasons_and_what_to_do() -> None:
    board = Shown()
    outcome = {
        "decision": "refused",
        "reason": "forced; the gate refuses: worse on validation",
        "next": "read gate.json",
        "version": "v0.0.3",
        "commit": None,
        "gate": {"groups": {"validation": GROUP}, "reasons": ["validation: worse"]},
        "drift": {"drifted": True, "found": [{"feature": "duration_s", "statistic": 2.0, "threshold": 0.3}]},
    }
    show_outcome(board, outcome)
    assert board.kept["gate"] == [gate_row("validation", GROUP)]
    assert board.kept["gate"][0]["interval"] == "[-22.28, -15.39]"
    assert board.kept["gate"][0]["verdict"] == "refused"
    assert board.kept["drift"][0]["feature"] == "duration_s"
    for words in ("refused", "read gate.json", "validation: worse", "v0.0.3"):
        assert words in board.kept["verdict"]
    assert "commit" not in board.kept["verdict"]


def test_a_run_that_decided_nothing_has_no_tables() -> None:
    board = Shown()
    show_outcome(board, {"decision": "nothing", "reason": "same data", "next": "nothing to do", "gate": None})
    assert set(board.kept) == {"verdict"}


def test_the_report_of_an_audit_among_other_lines() -> None:
    assert parse(Finished(1, ["a warning", '{"ok": false, "findings": []}'])) == {"ok": False, "findings": []}
    with pytest.raises(DataError, match="no version v9"):
        parse(Finished(1, ["streamo: no version v9"]))
    with pytest.raises(InternalError, match="said nothing"):
        parse(Finished(-9, []))
