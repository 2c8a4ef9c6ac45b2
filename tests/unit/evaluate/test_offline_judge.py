"""TempCompass where words do not suffice: recorded ratings, a real judge's server, and nobody to ask."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from components.core.errors import DataError
from components.core.files import write_json
from components.evaluate.offline import tempcompass
from tests.support.openai_server import Say, serving, user_text

YES_NO = [
    ("Is he?", "yes", "yes"),
    ("Is he?", "no", "He walks."),
    ("Is he?", "yes", "He runs."),
    ("?", "no", ""),
]


def folder(path: Path) -> Path:
    """Four questions: one that the rule reads, two that it cannot, one without an answer; and a caption."""
    rows = [{"question": question, "answer": truth, "prediction": said} for question, truth, said in YES_NO]
    write_json(path / "yes_no.json", {"1": {"action": rows}})
    caption = {"question": "Say it.\nInformation A: {}\nInformation B: {}", "answer": "B. walking"}
    write_json(path / "captioning.json", {"1": {"action": [{**caption, "prediction": "He walks."}]}})
    return path


def scored(path: Path, **options: Any) -> dict[str, Any]:
    args = Namespace(**{"judge": None, "judge_answers": path / "answers", "seed": 0, **options})
    return tempcompass.score(tempcompass.load(args, path), 0)


def test_without_a_judge_nothing_is_guessed_and_captions_are_left_out(tmp_path: Path) -> None:
    found = scored(folder(tmp_path))
    assert found["tasks"] == {"yes_no": {"correct": 1, "total": 4, "accuracy": 25.0}}
    assert found["counted"]["yes_no"] == {"empty": 1, "needs_judge": 2, "rule": 1}
    assert found["left_out"] == ["captioning"] and found["judge"] == {}


def test_recorded_ratings_stand_in_and_only_where_the_rule_cannot_read(tmp_path: Path) -> None:
    rows = [
        {"question": question, "gt-answer": truth, "video-llm-prediction": said, "rating": rating}
        for (question, truth, said), rating in zip(YES_NO, (0, 1, -1, 1), strict=True)
    ]
    write_json(tmp_path / "yes_no.json", {"1": {"action": rows}})
    found = scored(tmp_path)
    assert found["counted"]["yes_no"] == {"empty": 1, "needs_judge": 1, "recorded": 1, "rule": 1}
    assert found["tasks"]["yes_no"]["correct"] == 2  # the rule's own, and the recorded one


def judged(path: Path, say: Any) -> dict[str, Any]:
    with serving(say) as server:
        endpoint = {"url": server.url, "model": "m", "revision": "1"}
        prices = {"usd_per_million_input": 0, "usd_per_million_output": 0}
        budget = {"budget": {"calls": None, "tokens": None, "usd": 1.0}}
        write_json(path / "judge.yaml", {**endpoint, **prices, **budget})
        return scored(folder(path), judge=str(path / "judge.yaml"))


def test_the_judge_is_asked_what_the_rules_cannot_read(tmp_path: Path) -> None:
    def walks(body: dict[str, Any], before: int) -> Say:
        right = "He walks." in user_text(body)
        return Say(json.dumps({"reason": "so", "verdict": "correct" if right else "incorrect"}))

    found = judged(tmp_path, walks)
    assert found["judge"] == {"correct": 2, "wrong": 1}
    assert found["counted"]["yes_no"] == {"empty": 1, "judge": 2, "rule": 1}
    assert found["tasks"]["captioning"]["accuracy"] == 100 and found["tasks"]["yes_no"]["correct"] == 2


def test_a_judge_that_answers_nonsense_is_counted_and_believed_in_nothing(tmp_path: Path) -> None:
    found = judged(tmp_path, lambda body, before: Say("perhaps"))
    assert found["judge"] == {"failed_not_json": 3}
    assert found["tasks"]["yes_no"]["correct"] == 1 and found["left_out"] == ["captioning"]


def test_a_folder_of_another_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none of multi-choice"):
        scored(tmp_path)
