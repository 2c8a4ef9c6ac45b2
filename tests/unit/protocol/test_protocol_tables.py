"""Turn and event tables: schema, equal bytes, lazy reading, refusal of what is no turn table."""

import hashlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from protocol_labels import event, instant, label

from components.core.errors import DataError
from components.protocol import tables
from components.protocol.convert import convert_sample
from components.protocol.tables import (
    EVENT_SCHEMA,
    TURN_SCHEMA,
    read_events,
    read_samples,
    write_events,
    write_turns,
)


def dialogues(count=5, turns=10):
    for number in range(count):
        raw = label([number % 3, 1.5], [event(2, 4 + number % 3), instant(8.5)], id=f"s{number:05d}")
        yield convert_sample({**raw, "video_path": f"v{number // 2}.mp4"}, turns, duration_s=turns - 0.25)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_rows_and_schema(tmp_path):
    rows = write_turns(tmp_path / "turns.parquet", dialogues(2), events=tmp_path / "events.parquet")
    table = pq.read_table(tmp_path / "turns.parquet")
    assert rows == table.num_rows == 20
    assert table.schema.equals(TURN_SCHEMA)
    row = table.slice(12, 1).to_pylist()[0]
    assert row == {
        "sample_id": "s00001", "video_id": "v0.mp4", "video_duration_s": 9.75, "task": "test", "source": "t",
        "turn": 2, "start_s": 2.0, "end_s": 3.0, "question": ["q1"], "state": "standby", "text": None,
    }  # fmt: skip
    events = pq.read_table(tmp_path / "events.parquet")
    assert events.schema.equals(EVENT_SCHEMA)
    assert events.to_pylist()[0] == {
        "sample_id": "s00000", "start_s": 2.0, "end_s": 4.0, "text": "2-4", "question_turn": 2,
    }  # fmt: skip


def test_the_files_bear_no_pandas_metadata(tmp_path):
    write_turns(tmp_path / "turns.parquet", dialogues())
    assert set(pq.read_metadata(tmp_path / "turns.parquet").metadata) == {b"ARROW:schema"}


def test_the_same_dialogues_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_turns(tmp_path / f"{name}.parquet", dialogues(), events=tmp_path / f"{name}-events.parquet")
    assert digest(tmp_path / "a.parquet") == digest(tmp_path / "b.parquet")
    assert digest(tmp_path / "a-events.parquet") == digest(tmp_path / "b-events.parquet")


def test_reading_gives_back_what_was_written_across_groups_batches_and_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "DIALOGUES_A_GROUP", 2)
    monkeypatch.setattr(tables, "ROWS_A_BATCH", 7)  # smaller than a sample: its rows come in parts
    written = list(dialogues(5))
    write_turns(tmp_path / "0.parquet", written[:3])
    write_turns(tmp_path / "1.parquet", written[3:])
    back = list(read_samples([tmp_path / "0.parquet", tmp_path / "1.parquet"]))
    assert [d.turns for d in back] == [d.turns for d in written]
    heads = [(d.sample_id, d.video_id, d.task, d.source, d.duration_s) for d in back]
    assert heads == [(d.sample_id, d.video_id, d.task, d.source, d.duration_s) for d in written]
    assert back[0].messages(7) == written[0].messages(7)


def test_samples_are_read_lazily(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "DIALOGUES_A_GROUP", 1)
    write_turns(tmp_path / "a.parquet", dialogues(3))
    samples = read_samples([tmp_path / "a.parquet", tmp_path / "missing.parquet"])
    assert [next(samples).sample_id for _ in range(3)] == ["s00000", "s00001", "s00002"]
    with pytest.raises(DataError, match=r"missing\.parquet"):
        next(samples)


def test_events_come_back(tmp_path):
    written = list(dialogues(3))
    write_events(tmp_path / "events.parquet", written)
    expected = [(d.sample_id, e) for d in written for e in d.events]
    assert list(read_events(tmp_path / "events.parquet")) == expected
    assert len(expected) == 6


def test_a_quarantined_sample_adds_no_row_and_an_empty_table_keeps_its_schema(tmp_path):
    refused = convert_sample(label([99], []), 10)
    assert write_turns(tmp_path / "t.parquet", [refused]) == 0
    assert pq.read_table(tmp_path / "t.parquet").schema.equals(TURN_SCHEMA)
    assert list(read_samples(tmp_path / "t.parquet")) == []


def test_a_failure_in_mid_stream_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "t.parquet"
    write_turns(path, dialogues(1))
    before = digest(path)

    def broken():
        yield from dialogues(2)
        raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError, match="disk on fire"):
        write_turns(path, broken(), events=tmp_path / "e.parquet")
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.parquet"]
    assert digest(path) == before


def test_plain_text_columns_are_read_too(tmp_path):
    written = list(dialogues(2))
    table = tables.turn_table(written)
    plain = pa.schema(
        [(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in table.schema]
    )
    pq.write_table(table.cast(plain), tmp_path / "plain.parquet")
    assert [d.turns for d in read_samples(tmp_path / "plain.parquet")] == [d.turns for d in written]


def edited(tmp_path, edit):
    path = tmp_path / "edited.parquet"
    rows = tables.turn_table(list(dialogues(2))).to_pylist()
    fields = [(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in TURN_SCHEMA]
    pq.write_table(pa.Table.from_pylist(edit(rows), pa.schema(fields)), path)
    return path


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda rows: rows[10:] + rows[:10], "not sorted by sample_id: 's00000' after 's00001'"),
        (lambda rows: [{**row, "state": "talk"} for row in rows], "unknown state 'talk'"),
        (lambda rows: [{**row, "state": None} for row in rows], "unknown state 'None'"),
        (lambda rows: [{**row, "sample_id": None} for row in rows], "column 'sample_id' has empty values"),
        (lambda rows: [{**row, "video_id": None} for row in rows], "column 'video_id' has empty values"),
    ],
)
def test_tables_that_break_the_contract_are_refused(tmp_path, edit, message):
    with pytest.raises(DataError, match=message):
        list(read_samples(edited(tmp_path, edit)))


@pytest.mark.parametrize("batch", [4, 1000])
def test_turns_out_of_order_are_refused_wherever_the_batch_ends(tmp_path, monkeypatch, batch):
    monkeypatch.setattr(tables, "ROWS_A_BATCH", batch)
    path = edited(tmp_path, lambda rows: [*rows[:3], rows[4], rows[3], *rows[5:]])
    with pytest.raises(DataError, match="not sorted: turn 3 after turn 4"):
        list(read_samples(path))


def test_other_files_are_refused_by_name(tmp_path):
    (tmp_path / "text.parquet").write_text("no parquet")
    pq.write_table(pa.table({"sample_id": ["a"]}), tmp_path / "other.parquet")
    with pytest.raises(DataError, match=r"text\.parquet: not a readable parquet"):
        list(read_samples(tmp_path / "text.parquet"))
    with pytest.raises(DataError, match=r"other\.parquet: columns missing: video_id"):
        list(read_samples(tmp_path / "other.parquet"))
