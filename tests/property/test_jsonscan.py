"""Labels found in a JSON file without reading it whole: the values and their bytes, whatever the chunks."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import DataError, UsageError
from components.protocol import jsonscan
from components.protocol.jsonscan import scan
from components.protocol.rawfiles import each, open_labels

SETTINGS = settings(max_examples=150, deadline=None, derandomize=True)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(allow_nan=False), st.text(max_size=12)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=8,
)


def same(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@given(st.lists(VALUES, max_size=6), st.sampled_from([None, 1]), st.booleans(), st.integers(1, 40))
@SETTINGS
def test_items_and_their_bytes(
    tmp_path_factory: pytest.TempPathFactory,
    values: list[Any],
    indent: int | None,
    ascii_only: bool,
    chunk: int,
) -> None:
    path = tmp_path_factory.getbasetemp() / "list.json"
    data = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    path.write_bytes(b" \n" + data + b"\n")
    whole = path.read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonscan, "CHUNK", chunk)
        try:
            whole.decode()
        except UnicodeDecodeError:  # half a surrogate pair, spelled as bytes: no JSON file
            with pytest.raises(DataError, match="not valid JSON"):
                list(scan(path))
            return
        spans = list(scan(path, lists_only=True))
    assert same([span.value for span in spans]) == same(json.loads(whole))
    assert same([json.loads(whole[span.start : span.start + span.size]) for span in spans]) == same(values)


@given(st.lists(VALUES, min_size=1, max_size=4), st.data(), st.integers(1, 40))
@SETTINGS
def test_a_file_cut_anywhere_is_refused(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any], data: st.DataObject, chunk: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.json"
    text = json.dumps(values)
    path.write_text(text[: data.draw(st.integers(0, len(text) - 1))])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonscan, "CHUNK", chunk)
        with pytest.raises(DataError, match=r"cut\.json: not valid JSON \(.*, after \d+ items, byte \d+\)"):
            list(scan(path))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"[1] 2", "text after the end"),
        (b"[1 2]", "expected ',' or ']'"),
        (b"[1,]", "Expecting value"),
        (b"", "Expecting value"),
        (b"\xff\xfe", "can't decode byte"),
        (b"[" * 100_000, "recursion"),
        (b"\xef\xbb\xbf[1 2]", "expected ',' or '\]', after 1 items, byte 6"),
    ],
)
def test_what_is_no_json_is_named_with_its_place(content: bytes, found: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(DataError, match=rf"x\.json: not valid JSON \(.*{found}"):
        list(scan(tmp_path / "x.json"))


def test_a_single_label_is_one_item_unless_a_list_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text('{"id": "a", "video_path": "v"}\n')
    assert [span.value["id"] for span in scan(path)] == ["a"]
    with pytest.raises(DataError, match="expected a JSON list"):
        list(scan(path, lists_only=True))


def test_lines_are_items_and_a_broken_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    path.write_text('{"id": "ä", "video_path": "v"}\n\n{"video_path": "v"}\n7\n')
    raw = open_labels([path])
    assert raw.ids == ["ä", "unknown-v-1", "unknown-unknown-2"]
    assert [label["id"] for label in each(raw, [2, 0])] == ["unknown-unknown-2", "ä"]
    raw.close()
    path.write_text('{"id": "a"}\n{"id"\n')
    with pytest.raises(DataError, match=r"l\.jsonl: line 2 is not valid JSON"):
        open_labels([path])
    with pytest.raises(DataError, match=r"none\.jsonl: no such file"):
        open_labels([tmp_path / "none.jsonl"])


def test_parquet_that_holds_no_labels_is_named(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"id": ["a"]}), tmp_path / "x.parquet")
    with pytest.raises(DataError, match=r"x\.parquet: columns missing: video_path, question, response"):
        open_labels([tmp_path / "x.parquet"])
    with pytest.raises(DataError, match=r"none\.parquet: no such file"):
        open_labels([tmp_path / "none.parquet"])
    with pytest.raises(UsageError, match="either as parquet or as JSON"):
        open_labels([tmp_path / "x.parquet", tmp_path / "y.json"])
