"""The gate on tables made to mislead it: numbers out of range, questions without words, a column twice."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.core.errors import DataError
from components.protocol.tables import TURN_SCHEMA
from components.validate.findings import find_rows, find_shares
from components.validate.profiles import PAPER, make_profile
from components.validate.tables import Tables, load_tables

COLUMNS: dict[str, Any] = {
    "sample_id": ["a"] * 3,
    "video_id": ["v"] * 3,
    "video_duration_s": [3.0] * 3,
    "task": ["t"] * 3,
    "turn": [0, 1, 2],
    "start_s": [0.0, 1.0, 2.0],
    "end_s": [1.0, 2.0, 3.0],
    "question": [["q"], [], []],
    "state": ["silence", "standby", "response"],
    "text": [None, None, "x"],
}


def tables(folder: Path, *, events: dict[str, Any] | None = None, **columns: Any) -> Tables:
    pq.write_table(pa.table({**COLUMNS, **columns}), folder / "t.parquet")
    if events is None:
        return load_tables(folder / "t.parquet")
    pq.write_table(pa.table(events), folder / "e.parquet")
    return load_tables(folder / "t.parquet", folder / "e.parquet")


@pytest.mark.parametrize(
    "turn",
    [
        pa.array([2**32, 2**32 + 1, 2**32 + 2]),
        pa.array([2**63, 2**63 + 1, 2**63 + 2], pa.uint64()),
        pa.array([-(2**40), 1, 2]),
    ],
)
@pytest.mark.filterwarnings("error")
def test_turns_beyond_the_range_are_never_other_turns(tmp_path, turn):
    found = tables(tmp_path, turn=turn).turns
    assert sum(find_rows(found, name)["failed"] for name in ("time_contiguous", "time_increasing")) >= 1


@pytest.mark.filterwarnings("error")
def test_the_turn_of_an_events_question_may_be_out_of_range_too(tmp_path):
    event = {"sample_id": ["a"], "start_s": [1.0], "end_s": [2.0], "text": ["x"], "question_turn": [2**40]}
    found = find_rows(tables(tmp_path, events=event).turns, "response_after_question")
    assert found["failed"] == 1 and found["examples"] == [{"sample_id": "a", "turn": 2}]


@pytest.mark.parametrize("question", [[[None], [], []], [["  "], [], []], [["", None], [], []]])
def test_a_question_without_words_asks_nothing(tmp_path, question):
    frame = tables(tmp_path, question=pa.array(question, pa.list_(pa.string()))).turns
    assert frame["has_question"].tolist() == [False] * 3
    assert find_rows(frame, "response_after_question")["failed"] == 1
    assert find_rows(tables(tmp_path).turns, "response_after_question")["failed"] == 0


def test_a_table_without_turns_is_near_no_profile(tmp_path):
    pq.write_table(TURN_SCHEMA.empty_table(), tmp_path / "t.parquet")
    loose = make_profile("loose", {**PAPER, "tolerance": 1.0})
    found = find_shares(load_tables(tmp_path / "t.parquet").turns, "state_shares", loose)
    assert found["failed"] == 1 and "no turn" in found["detail"]


def test_a_column_that_stands_twice_is_named(tmp_path):
    names = [*COLUMNS, "turn"]
    arrays = [pa.array(COLUMNS[name]) for name in names]
    pq.write_table(pa.Table.from_arrays(arrays, names=names), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="column 'turn' stands twice"):
        load_tables(tmp_path / "t.parquet")
