"""Reading turn tables: types, encodings, nulls, order; errors name the file and the column."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.core.errors import DataError
from components.protocol.tables import TURN_SCHEMA
from components.validate.tables import NO_QUESTION, load_tables

ROW: dict[str, Any] = {
    "sample_id": "a",
    "video_id": "v.mp4",
    "video_duration_s": 9.5,
    "task": "narration",
    "source": "t",
    "turn": 0,
    "start_s": 0.0,
    "end_s": 1.0,
    "question": ["what?"],
    "state": "response",
    "text": "yes",
}


def rows(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**ROW, **change} for change in changes]


def save(path: Path, table: pa.Table) -> Path:
    pq.write_table(table, path)
    return path


def test_the_protocol_schema_is_read(tmp_path: Path) -> None:
    listed = rows({}, {"turn": 1, "question": [], "state": "silence", "text": None})
    path = save(tmp_path / "t.parquet", pa.Table.from_pylist(listed, schema=TURN_SCHEMA))
    frame = load_tables(path).turns
    assert frame["sample"].tolist() == ["a", "a"]
    assert frame["state"].tolist() == [2, 0]
    assert frame["has_question"].tolist() == [True, False]
    assert frame["has_text"].tolist() == [True, False]
    assert frame["duration_s"].tolist() == [9.5, 9.5]


def test_plain_and_wide_types_are_read_alike(tmp_path: Path) -> None:
    listed = rows({}, {"turn": 1, "start_s": 1.0, "end_s": 2.0})
    wide = pa.schema(
        [
            ("sample_id", pa.large_string()),
            ("video_id", pa.dictionary(pa.uint8(), pa.string())),
            ("video_duration_s", pa.float32()),
            ("task", pa.string()),
            ("source", pa.string()),
            ("turn", pa.int64()),
            ("start_s", pa.int32()),
            ("end_s", pa.int32()),
            ("question", pa.large_list(pa.large_string())),
            ("state", pa.large_string()),
            ("text", pa.dictionary(pa.int8(), pa.string())),
        ]
    )
    one = load_tables(save(tmp_path / "1.parquet", pa.Table.from_pylist(listed, schema=TURN_SCHEMA))).turns
    other = load_tables(save(tmp_path / "2.parquet", pa.Table.from_pylist(listed, schema=wide))).turns
    assert one.astype(str).equals(other.astype(str))


def test_a_column_of_nothing_but_null_text_is_read(tmp_path: Path) -> None:
    table = pa.Table.from_pylist(rows({"text": None, "state": "silence"}))
    assert table.schema.field("text").type == pa.null()
    assert load_tables(save(tmp_path / "t.parquet", table)).turns["has_text"].tolist() == [False]


def test_samples_that_interleave_are_put_together_in_file_order(tmp_path: Path) -> None:
    listed = rows(
        {"sample_id": "b"}, {}, {"sample_id": "b", "turn": 2}, {"turn": 1}, {"sample_id": "b", "turn": 1}
    )
    frame = load_tables(save(tmp_path / "t.parquet", pa.Table.from_pylist(listed))).turns
    assert list(zip(frame["sample"], frame["turn"], strict=True)) == [
        ("b", 0), ("b", 2), ("b", 1), ("a", 0), ("a", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "column", ["sample_id", "video_id", "video_duration_s", "turn", "question", "state", "text"]
)
def test_a_missing_column_is_named(column: str, tmp_path: Path) -> None:
    path = save(tmp_path / "t.parquet", pa.Table.from_pylist(rows({})).drop_columns([column]))
    with pytest.raises(DataError, match=f"t.parquet: column '{column}' is missing"):
        load_tables(path)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("turn", 0.0, "a whole number"),
        ("start_s", "0", "a number"),
        ("question", "what?", "a list of text"),
        ("question", [3], "a list of text"),
        ("state", 2, "text"),
        ("sample_id", 7, "text"),
    ],
)
def test_a_wrong_type_is_named(column: str, value: object, words: str, tmp_path: Path) -> None:
    path = save(tmp_path / "t.parquet", pa.Table.from_pylist(rows({column: value})))
    with pytest.raises(DataError, match=rf"column '{column}' has type .*, expected {words}"):
        load_tables(path)


@pytest.mark.parametrize(
    ("column", "value"), [("turn", None), ("end_s", float("nan")), ("video_duration_s", None)]
)
def test_a_number_that_is_not_finite_is_named(column: str, value: object, tmp_path: Path) -> None:
    path = save(tmp_path / "t.parquet", pa.Table.from_pylist(rows({}, {column: value})))
    with pytest.raises(DataError, match=f"column '{column}' has 1 values that are not finite"):
        load_tables(path)


def test_an_id_that_is_null_is_named(tmp_path: Path) -> None:
    path = save(tmp_path / "t.parquet", pa.Table.from_pylist(rows({}, {"sample_id": None})))
    with pytest.raises(DataError, match="column 'sample_id' is null in 1 rows"):
        load_tables(path)


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_text("turn,state\n")
    with pytest.raises(DataError, match=r"t\.parquet: not a readable parquet file"):
        load_tables(tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"gone\.parquet: no such file"):
        load_tables(tmp_path / "gone.parquet")


def test_events_bring_the_question_a_response_answers(tmp_path: Path) -> None:
    listed = rows({}, {"turn": 1, "text": "no"}, {"turn": 2, "text": "yes", "sample_id": "b"})
    turns = save(tmp_path / "t.parquet", pa.Table.from_pylist(listed))
    event = {"sample_id": "a", "start_s": 0.0, "end_s": 1.0, "text": "yes"}
    known = [{**event, "question_turn": 4}, {**event, "question_turn": 3}, {**event, "sample_id": "c"}]
    known[2] |= {"question_turn": 0}
    events = save(tmp_path / "e.parquet", pa.Table.from_pylist(known))
    tables = load_tables(turns, events)
    assert tables.turns["own_question"].tolist() == [3, NO_QUESTION, NO_QUESTION]
    assert tables.events is not None
    assert tables.events["sample_known"].tolist() == [True, True, False]
    assert tables.events["duration_s"].fillna(-1.0).tolist() == [9.5, 9.5, -1.0]


def test_events_need_neither_text_nor_question_turn(tmp_path: Path) -> None:
    turns = save(tmp_path / "t.parquet", pa.Table.from_pylist(rows({})))
    plain = pa.table({"sample_id": ["a"], "start_s": [0.0], "end_s": [1.0]})
    tables = load_tables(turns, save(tmp_path / "e.parquet", plain))
    assert tables.turns["own_question"].tolist() == [NO_QUESTION]


def test_an_empty_table_is_read(tmp_path: Path) -> None:
    turns = save(tmp_path / "t.parquet", TURN_SCHEMA.empty_table())
    videos = save(tmp_path / "v.parquet", pa.table({"video_id": pa.array([], pa.string())}))
    frame = load_tables(turns, videos=videos).turns
    assert len(frame) == 0
    assert "video_known" in frame
