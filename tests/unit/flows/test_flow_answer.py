"""An answer as an artifact: Markdown for people, one fenced entry for the flow."""

import pytest

from components.core.errors import DataError
from flows.answer import answer_key, parse_answer, progress_key, render_answer

ENTRY = {
    "cmd": "exec x",
    "outs": [{"path": "models/focal-0", "md5": "0" * 32 + ".dir", "size": 3}],
    "params": {"a": 1e-3},
}
JOB = {"address": "train@focal-0", "commit": "c" * 40}


def test_an_entry_survives_the_way() -> None:
    text = render_answer(JOB, ENTRY)
    assert parse_answer(text, "train@focal-0") == ENTRY
    assert "| `models/focal-0` |" in text


@pytest.mark.parametrize("text", ["", "no fence", "```json\n{broken\n```\n", "{}"])
def test_what_holds_no_entry_is_said(text: str) -> None:
    with pytest.raises(DataError, match="train@focal-0: the job's answer holds no entry"):
        parse_answer(text, "train@focal-0")


def test_keys_hold_what_prefect_allows() -> None:
    assert answer_key("train@Focal_x-0") == "answer-train-focal-x-0"
    assert progress_key("evaluate@ce-0-ovo") == "progress-evaluate-ce-0-ovo"
