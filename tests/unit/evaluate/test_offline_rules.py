"""How official scorers read answers, quirks and guards included, for any Python value."""

import json
from argparse import Namespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import DataError
from components.evaluate.benchmarks import BENCHMARKS
from components.evaluate.offline import rules
from components.evaluate.offline import tempcompass_rules as temp
from components.evaluate.offline.choice import Item

ITEM = Item("q", "t", "v", ("one", "two", "three", "four"), 1)  # the truth is B
MATCHING = "Which caption matches the video better?\nCaption A: He runs.\nCaption B: He walks."
CHOICE = "What?\nA. red\nB. blue"


@pytest.mark.parametrize(
    ("answer", "right", "how"),
    [
        ("B", True, "letter"),
        ("(B) two", True, "letter"),
        ("The answer is B", True, "letter"),
        ("A or B", False, "letter"),
        ("Best answer: C", True, "letter"),  # the official scorer's slip, see rules.VIDEOMME_PHRASES
        ("b", False, "unread"),
        ("none of these", False, "unread"),
        ("", False, "missing"),
        ("  ", False, "missing"),
        (None, False, "missing"),
        (["B"], True, "letter"),
        (2, False, "unread"),
        ({"B": 1}, False, "not_text"),
        ("\uff22", False, "unread"),
        ("x " * 5000, False, "unread"),
    ],
)
def test_videomme(answer, right, how):
    assert (rules.videomme(ITEM, answer).right, rules.videomme(ITEM, answer).how) == (right, how)


@pytest.mark.parametrize(
    ("answer", "right", "how"),
    [
        ("B", True, "letter"),
        ("b.", True, "letter"),
        ("(B) two", True, "letter"),
        ("(B)", True, "letter"),
        ("A", False, "letter"),
        ("two", False, "unread"),
        ("", False, "missing"),
        (" B", False, "empty_credit_refused"),  # an empty first word lies in every truth
        ("(", False, "empty_credit_refused"),
        (".", False, "empty_credit_refused"),
        (None, False, "missing"),
    ],
)
def test_mvbench(answer, right, how):
    assert (rules.mvbench(ITEM, answer).right, rules.mvbench(ITEM, answer).how) == (right, how)


def test_longvideobench_draws_from_the_seed_and_never_for_an_empty_answer():
    many = [Item(str(n), "t", "v", ("a", "b", "c", "d"), n % 4) for n in range(400)]
    marks = [rules.longvideobench(item, "no idea", seed=1) for item in many]
    assert all(mark.guessed and mark.how == "guessed" for mark in marks)
    assert 70 < sum(mark.right for mark in marks) < 130
    assert marks == [rules.longvideobench(item, "no idea", seed=1) for item in many]
    assert marks != [rules.longvideobench(item, "no idea", seed=2) for item in many]
    for empty in (None, "", "  ", []):
        assert [rules.longvideobench(item, empty).right for item in many] == [False] * 400
    assert rules.longvideobench(ITEM, "The best option is B").right


@pytest.mark.parametrize(
    ("form", "question", "truth", "answer", "official", "strict"),
    [
        ("multi-choice", CHOICE, "B. blue", "B", True, True),
        ("multi-choice", CHOICE, "B. blue", "B. blue</s>", True, True),
        ("multi-choice", CHOICE, "B. blue", "A) red", False, False),
        ("multi-choice", CHOICE, "B. blue", "The answer is B", None, False),
        ("multi-choice", CHOICE, "B. blue", "blue", None, False),
        ("yes_no", "Is he?", "no", "No, he is not.", True, True),
        ("yes_no", "Is he?", "no", "Not sure", True, False),  # begins with the two letters
        ("yes_no", "Is he?", "yes", "no", False, False),
        ("yes_no", "Is he?", "yes", "He is", None, False),
        ("caption_matching", MATCHING, "Caption B: He walks.", "Caption B", True, True),
        ("caption_matching", MATCHING, "Caption B: He walks.", "Caption B.", True, True),
        ("caption_matching", MATCHING, "Caption B: He walks.", "He walks.", True, True),
        ("caption_matching", MATCHING, "Caption B: He walks.", "(B) He walks.", True, True),
        ("caption_matching", MATCHING, "Caption B: He walks.", "Caption A: He runs.", False, False),
        ("caption_matching", MATCHING, "Caption B: He walks.", "the second", None, False),
        ("captioning", "Information A: {}", "A. x", "He walks.", None, False),
    ],
)
def test_tempcompass(form, question, truth, answer, official, strict):
    assert temp.official(form, question, truth, answer) is official
    assert temp.strict(form, question, truth, answer) is strict


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(VALUES)
def test_any_value_has_a_result_and_what_has_no_text_is_never_right(answer):
    for rule in (rules.videomme, rules.mvbench, rules.longvideobench):
        mark = rule(ITEM, answer)
        assert mark.how and not (mark.right and mark.how in ("missing", "not_text", "unread"))
    for form, truth in (
        ("multi-choice", "B. blue"),
        ("yes_no", "no"),
        ("caption_matching", "Caption A: He runs."),
    ):
        question = MATCHING if form == "caption_matching" else CHOICE
        right = temp.official(form, question, truth, answer)
        assert right in (True, False, None)
        assert not (right and temp.plain(answer) is None)


def lvb(tmp_path, answers):
    rows = [
        {"id": f"q{n}", "video_id": f"v{n}", "question": "?", "candidates": ["x", "y", "z"]}
        | {"correct_choice": n % 3, "question_category": ("S2E", "T3O")[n % 2], "duration_group": 15}
        for n in range(12)
    ]
    (tmp_path / "lvb_val.json").write_text(json.dumps(rows))
    (tmp_path / "results.json").write_text(json.dumps(answers))
    benchmark = BENCHMARKS["longvideobench"].get()
    args = Namespace(annotations=tmp_path / "lvb_val.json", seed=0)
    return benchmark.score(benchmark.load(args, tmp_path / "results.json"), 0)


def test_longvideobench_shows_guesses_beside_a_table_without_them(tmp_path):
    answers = {f"q{n}": "ABC"[n % 3] if n < 6 else "no idea" for n in range(11)} | {"other": "A"}
    scored = lvb(tmp_path, answers)
    assert scored["counted"]["guessed"] == 5 and scored["counted"]["unknown_rows"] == 1
    assert scored["counted"]["entries_without_row"] == 1
    assert scored["without_guesses"]["total"] == round(100 * 6 / 11, 2) < 100
    assert scored["strict"]["total"] == 50.0
    assert set(scored["groups"]) == {"perception", "relation"}
    assert scored["by"]["all"]["duration_group"]["15"]["total"] == 11


def test_files_that_are_not_in_the_format_are_named(tmp_path):
    with pytest.raises(DataError, match="none answers a question"):
        lvb(tmp_path, {"x": "A"})
    (tmp_path / "lvb.json").write_text(json.dumps([{"id": "a", "video_id": "v", "candidates": ["x"]}]))
    benchmark = BENCHMARKS["longvideobench"].get()
    with pytest.raises(DataError, match="test set has no truths"):
        benchmark.load(Namespace(annotations=tmp_path / "lvb.json", seed=0), tmp_path / "results.json")
