"""The session log: lines that are records, and what is refused."""

import json
from dataclasses import asdict

import pytest

from components.core.errors import DataError
from components.protocol.sessionlog import SessionRecord, parse_record, read_session

FIRST = SessionRecord(0, 0.0, 1.0, "silence", None, 0.9, 0.06, 0.04, 12.5)
SECOND = SessionRecord(1, 1.0, 2.0, "response", "a ball", 0.1, 0.1, 0.8, 30.0)


def test_records_survive_the_log(tmp_path):
    (tmp_path / "log.jsonl").write_text(FIRST.line() + SECOND.line(), encoding="utf-8")
    assert list(read_session(tmp_path / "log.jsonl")) == [FIRST, SECOND]


def test_the_fields_are_those_of_the_public_contract():
    assert json.loads(SECOND.line()) == {
        "turn": 1, "start_s": 1.0, "end_s": 2.0, "state": "response", "text": "a ball", "p_silence": 0.1,
        "p_standby": 0.1, "p_response": 0.8, "latency_ms": 30.0,
    }  # fmt: skip
    assert FIRST.line().endswith("}\n")


def test_an_empty_response_is_a_response():
    assert parse_record({**asdict(SECOND), "text": ""}).text == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"turn": -1}, "turn must be"),
        ({"turn": 1.0}, "turn must be"),
        ({"turn": True}, "turn must be"),
        ({"state": "talk"}, "state must be"),
        ({"text": None}, "text must be given"),
        ({"state": "standby"}, "text must be given"),
        ({"state": "silence", "text": 5}, "text must be given"),
        ({"end_s": 1.0}, "is not after"),
        ({"p_response": 1.2}, "p_response must be at most 1"),
        ({"p_silence": 0.9}, "add up to more than 1"),
        ({"p_silence": float("nan")}, "p_silence must be a finite number"),
        ({"latency_ms": "fast"}, "latency_ms must be a finite number"),
        ({"extra": 1}, "expected the keys"),
    ],
)
def test_records_that_contradict_themselves_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        parse_record({**asdict(SECOND), **change})


@pytest.mark.parametrize("values", [None, [], {"turn": 0}])
def test_what_is_no_record_is_refused(values):
    with pytest.raises(ValueError, match="expected the keys"):
        parse_record(values)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("no json\n", "line 2: Expecting value"),
        (FIRST.line(), "line 2: turn 0 after turn 0"),
        (SessionRecord(1, 1.5, 2.5, "silence", None, 1.0, 0.0, 0.0, 1.0).line(), "line 2: starts at 1.5 s"),
    ],
)
def test_a_log_that_does_not_go_on_is_refused_by_line(tmp_path, second, message):
    (tmp_path / "log.jsonl").write_text(FIRST.line() + second)
    with pytest.raises(DataError, match=rf"log\.jsonl, {message}"):
        list(read_session(tmp_path / "log.jsonl"))
