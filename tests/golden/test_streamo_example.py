"""The released example: our released rules give its stream dialogues in every user and assistant turn."""

import json
import os
from pathlib import Path

import pytest

from components.cli.main import main

TURNS = 76  # the example's clip; its file is not among the shared data


@pytest.fixture
def example():
    folder = os.environ.get("STREAMO_SHARED_DATA")
    if not folder:
        pytest.skip("STREAMO_SHARED_DATA is not set: the released example files are not at hand")
    return Path(folder) / "annotations/streamo_example"


def convert(example, out, rules):
    arguments = ["--num-turns", str(TURNS), "--rules", rules]
    assert main(["convert", str(example / "raw_data.json"), str(out), *arguments]) == 0
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_released_rules_equal_the_shipped_stream_dialogues(example, tmp_path):
    ours = convert(example, tmp_path / "out.jsonl", "released")
    shipped = json.loads((example / "stream_format.json").read_text())
    assert len(ours) == len(shipped) == 2
    for mine, theirs in zip(ours, shipped, strict=True):
        assert len(mine["messages"]) == 1 + 2 * TURNS
        assert mine["messages"][1:] == theirs["messages"][1:]
        assert mine["messages"][0]["role"] == theirs["messages"][0]["role"] == "system"
        assert mine["videos"] == theirs["videos"]


def test_corrected_rules_show_the_question_once(example, tmp_path):
    for dialogue in convert(example, tmp_path / "out.jsonl", "corrected"):
        users = [message["content"] for message in dialogue["messages"][1::2]]
        asked = [turn for turn, text in enumerate(users) if not text.startswith("<")]
        assert len(asked) == 1
        answers = [message["content"] for message in dialogue["messages"][2::2]]
        assert answers[5] == "</Standby>"
        assert answers[6].startswith("</Response> ")
        assert answers.count("</Silence>") == TURNS - 2
