"""Conversion by columns equals conversion one by one: tables, counts, quarantine; whatever the labels are."""

import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.core.files import dumps
from components.protocol import block as blocks
from components.protocol import reasons
from components.protocol.batch import LengthOf, Tally, VideoLength, convert_all
from components.protocol.columns import event_table, turn_table
from components.protocol.labels import LabelError
from components.protocol.plain import convert_plain
from components.protocol.rawfiles import LABEL_SCHEMA, ColumnPart, JsonPart, each, open_labels

SETTINGS = settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
DURATIONS = {"a": 9.5, "b": 4.0, "c": 0.4, "d": 12.0000004, "e": 7.0}
OVERRIDE = {"e": 7}  # turns that come from elsewhere, and fit
TENTHS = st.integers(0, 140).map(lambda tenths: tenths / 10)
TIMES = st.one_of(
    TENTHS,
    TENTHS,
    st.integers(0, 13).map(float),
    st.sampled_from([None, math.nan, math.inf, -1.0, -0.0, 1e7, 3.0000000000000004, 0.1 + 0.2, 4.0000005]),
)
TEXTS = st.one_of(
    st.sampled_from(["a", "b c", "ä ö", "语言", "x\ny"]),
    st.sampled_from(
        ["", "  ", None, " padded", "ends\u2003", "\x1dx", "x </Response> y", "<stream>", "1 < 2"]
    ),
)
CLEAN = st.sampled_from(["a", "b c", "ä ö", "语言"])


def spans(text: st.SearchStrategy[Any], times: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Responses that tell an ordered span, an instant, or (where `times` has such) anything else."""
    wide = st.tuples(text, times, times).map(
        lambda t: {"content": t[0], "st_time": _least(t[1:]), "end_time": _most(t[1:]), "time": None}
    )
    instant = st.tuples(text, times).map(
        lambda t: {"content": t[0], "st_time": None, "end_time": None, "time": t[1]}
    )
    return st.one_of(wide, instant)


def _least(pair: tuple[Any, ...]) -> Any:
    return min(pair) if _numbers(pair) else pair[0]


def _most(pair: tuple[Any, ...]) -> Any:
    return max(pair) if _numbers(pair) else pair[1]


def _numbers(pair: tuple[Any, ...]) -> bool:
    return all(isinstance(value, int | float) for value in pair)


def labels(
    text: st.SearchStrategy[Any], times: st.SearchStrategy[Any], question_times: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    """Raw labels as they stand in parquet."""
    anything = st.fixed_dictionaries({"content": text, "st_time": times, "end_time": times, "time": times})
    question = st.fixed_dictionaries({"content": text, "time": question_times})
    return st.fixed_dictionaries(
        {
            "id": st.sampled_from([f"s{number}" for number in range(6)]),
            "video_name": st.just("x"),
            "video_path": st.sampled_from([*DURATIONS, *DURATIONS, "unknown", None]),
            "task_type": st.sampled_from(["one", "two", None]),
            "source": st.sampled_from(["here", "there", None]),
            "question": st.one_of(st.lists(question, min_size=1, max_size=3), st.lists(question, max_size=1)),
            "response": st.lists(st.one_of(spans(text, times), spans(text, times), anything), max_size=5),
        }
    )


MESSY = labels(TEXTS, TIMES, TIMES)
SOUND = labels(CLEAN, TENTHS, st.integers(0, 30).map(lambda tenths: tenths / 10))


def length_of(video: str) -> VideoLength:
    if video not in DURATIONS:
        raise LabelError(reasons.UNKNOWN_VIDEO, f"{video!r} is not known")
    return VideoLength(DURATIONS[video], frames=30, fps=3.0, turns=OVERRIDE.get(video))


def block_of(part: ColumnPart | JsonPart, before: str | None, rules: str) -> blocks.Block:
    lengths: dict[str, blocks.Length] = {}
    for video in [*DURATIONS, "x", "unknown"]:
        try:
            lengths[video] = length_of(video)
        except LabelError as error:
            lengths[video] = (error.reason, error.detail)
    return blocks.Block(part, lengths, before, rules, 1.0)


def one_by_one(raws: list[dict[str, Any]], before: str | None, rules: str, lengths: LengthOf) -> Any:
    """The tables, summary and quarantine of the sample path, from the same labels as Python objects."""
    seen = set() if before is None else {before}
    first = [{**raw, "id": name} for name in seen for raw in raws[:1]]  # takes the id of the label before
    dialogues = list(convert_all([*first, *raws], lengths, rules=rules))[len(first) :]
    usable = [dialogue for dialogue in dialogues if dialogue.turns]
    lost = sorted((row.id, row.reason, row.detail) for dialogue in dialogues for row in dialogue.quarantine)
    counts = Tally().counts
    for dialogue in dialogues:
        counts.add(dialogue.counts)
    return turn_table(usable), event_table(usable), lost, counts.as_dict()


def check(raws: list[dict[str, Any]], before: str | None, rules: str) -> blocks.Done:
    raws = sorted(raws, key=lambda raw: raw["id"])
    table = pa.Table.from_pylist(raws, schema=LABEL_SCHEMA)
    part = ColumnPart([raw["id"] for raw in raws], table)
    done = blocks.convert_block(block_of(part, before, rules))
    same_as_one_by_one(done, table.to_pylist(), before, rules)
    return done


def same_as_one_by_one(done: blocks.Done, raws: list[dict[str, Any]], before: str | None, rules: str) -> None:
    turns, events, lost, counts = one_by_one(raws, before, rules, length_of)
    assert done.turns.equals(turns)
    assert done.events.equals(events)
    assert sorted((row.id, row.reason, row.detail) for row in done.tally.quarantine) == lost
    assert done.tally.counts.as_dict() == counts
    assert done.tally.counts.balanced()
    assert done.tally.samples_in == len(raws)
    summary = done.tally.summary()
    assert summary["turns"] == turns.num_rows
    told = turns.column("task").cast(pa.string()).to_pylist()
    assert {task: row["turns"] for task, row in summary["tasks"].items()} == {
        task: told.count(task) for task in set(told)
    }


@given(
    st.lists(st.one_of(MESSY, SOUND), min_size=1, max_size=8),
    st.sampled_from([None, "s0"]),  # the ids of a block are never before
    st.sampled_from(["corrected", "corrected", "released"]),
)
@SETTINGS
def test_columns_equal_one_by_one(raws: list[dict[str, Any]], before: str | None, rules: str) -> None:
    check(raws, before, rules)


@given(st.lists(SOUND, min_size=1, max_size=8, unique_by=lambda raw: raw["id"]))
@SETTINGS
def test_sound_labels_equal_one_by_one(raws: list[dict[str, Any]]) -> None:
    check(raws, None, "corrected")


def sound(number: int, **change: Any) -> dict[str, Any]:
    question = {"content": "what?", "time": 0.5}
    event = {"content": "seen", "st_time": 1.25, "end_time": 3.5, "time": None}
    label = {"id": f"s{number}", "video_name": "x", "video_path": "a", "task_type": "one", "source": "here"}
    return {**label, "question": [question], "response": [event], **change}


@pytest.mark.parametrize(
    ("change", "plain"),
    [
        ({}, 3),
        ({"response": []}, 3),
        ({"video_path": "unknown"}, 2),
        ({"question": []}, 2),
        ({"question": [{"content": "late?", "time": 9.5}]}, 2),
        ({"question": [{"content": " padded", "time": 0.0}]}, 2),
        ({"response": [{"content": "x", "st_time": 1.0, "end_time": None, "time": None}]}, 2),
        ({"response": [{"content": "</Silence>", "st_time": None, "end_time": None, "time": 2.0}]}, 2),
        (
            {"response": [{"content": "x", "st_time": None, "end_time": None, "time": 0.1 + 0.2}]},
            3,
        ),  # 0.3, as parse_time reads it
        ({"response": [{"content": t, "st_time": None, "end_time": None, "time": 2.0} for t in "xy"]}, 2),
    ],
)
def test_only_labels_with_nothing_to_decide_go_by_column(
    change: dict[str, Any], plain: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def counted(*arguments: Any) -> Any:
        result = convert_plain(*arguments)
        taken.append(len(result[0]))
        return result

    monkeypatch.setattr(blocks, "convert_plain", counted)
    check([sound(0), sound(1, **change), sound(2)], None, "corrected")
    assert taken == [plain]


TOLD = st.one_of(TEXTS, st.sampled_from(["\ud800 half", 7, ["a"], {"a": 1}]))
SPELLED = st.one_of(
    TENTHS,
    TENTHS,
    st.integers(0, 13),
    st.sampled_from(
        ["", "  ", None, "5", "3.25", "00:04", "1:00:02", "soon", True, -1, 10**400, [1], math.nan]
    ),
    TIMES,
)
ODD: st.SearchStrategy[Any] = st.sampled_from([None, "a", 3, ["a"], [None], {"content": "a"}, [{}]])
WRITTEN = labels(CLEAN, TENTHS, st.integers(0, 30))
FOREIGN = labels(TOLD, SPELLED, SPELLED)


def changed(raw: dict[str, Any], drop: list[str], odd: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**raw, **odd}.items() if key not in drop}


JSON_LABELS = st.one_of(
    WRITTEN,
    FOREIGN,
    st.builds(
        changed,
        FOREIGN,
        st.lists(st.sampled_from(["video_path", "task_type", "source", "question", "response"]), max_size=1),
        st.dictionaries(
            st.sampled_from(["question", "response", "task_type", "source", "video_name"]), ODD, max_size=1
        ),
    ),
)


@given(
    st.lists(JSON_LABELS, min_size=1, max_size=8),
    st.sampled_from([None, "s0"]),
    st.sampled_from(["corrected", "corrected", "corrected", "released"]),
)
@SETTINGS
def test_json_labels_equal_one_by_one(raws: list[dict[str, Any]], before: str | None, rules: str) -> None:
    raws = sorted(raws, key=lambda raw: raw["id"])
    check_json(raws, before, rules)


@given(st.lists(WRITTEN, min_size=1, max_size=8, unique_by=lambda raw: raw["id"]))
@SETTINGS
def test_json_labels_of_the_common_form_equal_one_by_one(raws: list[dict[str, Any]]) -> None:
    check_json(sorted(raws, key=lambda raw: raw["id"]), None, "corrected")


def check_json(raws: list[dict[str, Any]], before: str | None, rules: str) -> None:
    part = JsonPart([raw["id"] for raw in raws], [json.dumps(raw).encode() for raw in raws])
    done = blocks.convert_block(block_of(part, before, rules))
    same_as_one_by_one(done, [json.loads(text) for text in part.texts], before, rules)


@pytest.mark.parametrize(
    ("change", "plain"),
    [
        ({}, 3),
        ({"response": [{"content": "seen", "st_time": "1.25", "end_time": "00:03", "time": ""}]}, 3),
        ({"response": [{"content": "seen", "time": 2}], "kind": {"more": []}}, 3),
        ({"response": [{"content": "seen", "time": 4.36 - 1.0}]}, 3),  # 3.3600000000000003
        ({"source": None}, 3),
        ({"source": 3}, 2),
        ({"response": [{"content": "seen", "time": "soon"}]}, 2),
        ({"response": [{"content": None, "time": 2}]}, 2),
        ({"response": None}, 2),
        ({"question": [{"content": "what?", "time": True}]}, 2),
        ({"response": [{"content": "\ud800", "time": 2}]}, 0),  # its block cannot be made columns
    ],
)
def test_json_labels_of_the_common_form_go_by_column(
    change: dict[str, Any], plain: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def counted(*arguments: Any) -> Any:
        result = convert_plain(*arguments)
        taken.append(len(result[0]))
        return result

    monkeypatch.setattr(blocks, "convert_plain", counted)
    check_json([sound(0), sound(1, **change), sound(2)], None, "corrected")
    assert sum(taken) == plain


def test_json_and_parquet_labels_give_the_same_tables(tmp_path: Path) -> None:
    raws = [sound(number) for number in range(4)]
    table = pa.Table.from_pylist(raws, schema=LABEL_SCHEMA)
    pq.write_table(table.slice(0, 2), tmp_path / "0.parquet")
    pq.write_table(table.slice(2), tmp_path / "1.parquet")
    (tmp_path / "raw.jsonl").write_text("".join(dumps(raw, indent=None) for raw in raws))
    tables = []
    for files in ([tmp_path / "0.parquet", tmp_path / "1.parquet"], [tmp_path / "raw.jsonl"]):
        raw = open_labels(files)
        assert raw.ids == ["s0", "s1", "s2", "s3"]
        assert raw.videos == ["a"] * 4
        assert [label["id"] for label in each(raw, [2, 0])] == ["s2", "s0"]
        part = raw.part([0, 1, 2, 3])
        assert isinstance(part, ColumnPart | JsonPart)
        tables.append(blocks.convert_block(block_of(part, None, "corrected")))
        raw.close()
    assert tables[0].turns.equals(tables[1].turns)
    assert tables[0].events.equals(tables[1].events)
