"""Answers of any kind: documented results, no crash, nothing strictly right that is officially wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import DataError
from components.evaluate.answers import LETTERS, official_letter, strict_letter, text_of
from components.evaluate.ovo_format import TASKS, load_results
from components.evaluate.ovo_rules import official, strict
from components.evaluate.ovo_score import score
from components.protocol.states import STATES

OPTIONS = ["Ash", "Birch", "C", "Dog"]
ENDLESS: list[object] = []
ENDLESS.append(ENDLESS)

# One line of the README's table each: answer; official with truth B and strict, each letter and how.
DOCUMENTED = [
    ("B", ("B", "substring"), ("B", "letter")),
    ("(B)", ("B", "substring"), ("B", "letter")),
    ("**B**", ("B", "substring"), ("B", "letter")),
    ("B. Birch", ("B", "substring"), ("B", "letter")),
    ("", (None, "missing"), (None, "missing")),
    (" \n", (None, "missing"), (None, "missing")),
    (None, (None, "missing"), (None, "missing")),
    ([], (None, "missing"), (None, "missing")),
    ([None], (None, "missing"), (None, "missing")),
    (["B"], ("B", "substring"), ("B", "letter")),
    (["A", "B"], ("B", "substring_several"), (None, "unread")),
    ([["B"]], (None, "not_text"), (None, "not_text")),
    (ENDLESS, (None, "not_text"), (None, "not_text")),
    ({"answer": "B"}, (None, "not_text"), (None, "not_text")),
    (b"B", (None, "not_text"), (None, "not_text")),
    (True, (None, "not_text"), (None, "not_text")),
    (float("nan"), (None, "not_text"), (None, "not_text")),
    (10**5000, (None, "not_text"), (None, "not_text")),
    (2, (None, "unread"), (None, "unread")),
    ("1 2", (None, "unread"), (None, "unread")),
    ("B" + " so" * 3413, ("B", "substring"), (None, "unread")),
    ("B. " + "so " * 3413, ("B", "substring"), ("B", "letter")),
    ("A" + " " * 10240, (None, "unread"), (None, "unread")),
    ("A or B", ("B", "substring_several"), (None, "several")),
    ("B and A", ("B", "substring_several"), (None, "several")),
    ("A, B", ("B", "substring_several"), (None, "several")),
    ("A/B", ("B", "substring_several"), (None, "several")),
    ("AB", ("B", "substring_several"), (None, "unread")),
    ("C. C", (None, "unread"), ("C", "letter")),
    ("b", (None, "unread"), (None, "other_form")),
    ("(b)", (None, "unread"), (None, "other_form")),
    ("\uff22", (None, "unread"), (None, "other_form")),
    ("B\u3002", ("B", "substring"), ("B", "letter")),
    ("\u7b54\u6848\u662fB", ("B", "substring"), (None, "unread")),
    ("\u0411", (None, "unread"), (None, "unread")),  # a Cyrillic capital
    ("E", (None, "unread"), (None, "no_option")),
    ("A person walks By", ("B", "substring_several"), (None, "unread")),
    ("The answer is B", ("B", "substring"), (None, "unread")),
    ("</Response> B", ("B", "substring"), (None, "state_token")),
    ("B </ standby >", ("B", "substring"), (None, "state_token")),
    ("</Silence>", (None, "unread"), (None, "state_token")),
]


@pytest.mark.parametrize(("answer", "by_official", "by_strict"), DOCUMENTED, ids=range(len(DOCUMENTED)))
def test_every_documented_letter_answer(answer, by_official, by_strict):
    loose, exact = official_letter(answer, "B", OPTIONS), strict_letter(answer, OPTIONS)
    assert (loose.letter, loose.how) == by_official
    assert (exact.letter, exact.how) == by_strict


@pytest.mark.parametrize(
    ("task", "answer", "truth", "by_official", "by_strict"),
    [
        ("REC", 3, "3", True, True),
        ("REC", 3.0, "3", True, True),
        ("REC", "3.0", "30", True, False),
        ("REC", -3, "3", True, False),
        ("REC", ["1", "2"], "12", True, False),
        ("REC", "", "0", False, False),
        ("REC", None, "0", False, False),
        ("REC", "\uff13", "3", False, False),
        ("REC", "three", "3", False, False),
        ("CRR", [None], "No", False, False),
        ("CRR", False, "No", False, False),
        ("CRR", "Yes or No", "Yes", True, False),
        ("CRR", "No</Response>", "No", True, True),
        ("SSR", ["Yes"], "Yes", True, True),
        ("SSR", "yes", "Yes", False, False),
    ],
)
def test_every_documented_count_and_word(task, answer, truth, by_official, by_strict):
    assert official(task, answer, truth) is by_official
    assert strict(task, answer, truth) is by_strict


MARKS = [" or ", " and ", "/", ", ", ". ", "\n", "-", "(", ")"]
WORDS = ["Yes", "No", "Y", "N", "1", "12", "Ash", "a", "b"]
FOREIGN = ["\uff22", "\u7b54\u6848", "\ud800"]
scraps = st.sampled_from([*LETTERS[:5], *MARKS, *WORDS, *FOREIGN, *STATES])
texts = st.one_of(st.lists(scraps, max_size=6).map("".join), st.text(max_size=20))
values = st.recursive(
    st.one_of(texts, st.none(), st.booleans(), st.integers(), st.floats(), st.binary(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=2), inner, max_size=2),
    ),
    max_leaves=6,
)


@given(values, st.sampled_from(TASKS), st.sampled_from(["A", "B", "C", "1", "12", "Yes", "No"]))
def test_what_is_strictly_right_is_officially_right_whatever_the_answer(answer, task, truth):
    assert official(task, answer, truth, OPTIONS) or not strict(task, answer, truth, OPTIONS)


@given(values)
def test_reading_is_total_and_an_answer_that_is_no_text_is_never_a_letter(answer):
    read, (text, how) = strict_letter(answer, OPTIONS), text_of(answer)
    assert read.letter is None or (read.how == "letter" and read.letter in "ABCD")
    if text is None:
        assert read.how == how and official_letter(answer, "A", OPTIONS).letter is None


@given(texts)
def test_reading_a_text_twice_or_from_a_list_changes_nothing(text):
    assert text_of([text])[0] == text_of(text)[0]
    assert strict_letter([text], OPTIONS) == strict_letter(text, OPTIONS)


@settings(max_examples=40)
@given(st.lists(values, min_size=6, max_size=6))
def test_a_whole_results_folder_of_anything_is_scored(answers):
    entries = [{"id": n, "task": "EPM", "options": OPTIONS, "gt": n % 4, "video": "v"} for n in range(4)]
    entries.append({"id": 9, "task": "REC", "video": "v", "test_info": [{"realtime": 1, "count": 0}]})
    entries.append({"id": 10, "task": "CRR", "video": "v", "test_info": [{"realtime": 1, "type": 0}]})
    rows = [
        {"id": n, "task": "EPM", "response": answers[n], "ground_truth": LETTERS[n % 4]} for n in range(4)
    ]
    forward = [
        {**entry, "test_info": [{**entry["test_info"][0], "response": answer}]}
        for entry, answer in zip(entries[4:], answers[4:], strict=True)
    ]
    scored = score(entries, {"backward": rows, "realtime": [], "forward": forward})
    for task in ("EPM", "REC", "CRR"):
        assert scored["strict"]["tasks"][task]["correct"] <= scored["tasks"][task]["correct"]


@pytest.mark.parametrize("value", ["1" * 5000, "[" * 100_000])
def test_a_results_file_that_python_cannot_read_is_named(tmp_path, value):
    (tmp_path / "model.json").write_text('{"backward": [{"response": ' + value)
    with pytest.raises(DataError, match=r"model\.json: not valid JSON"):
        load_results(tmp_path)


def test_a_results_file_may_hold_any_json_value_as_an_answer(tmp_path):
    path = tmp_path / "model.json"
    path.write_text(
        '{"backward": [{"id": 0, "task": "EPM", "response": {"a": [1, null]}, "ground_truth": "A"}], '
        '"realtime": [], "forward": []}'
    )
    entries = [{"id": 0, "task": "EPM", "options": OPTIONS, "gt": 0, "video": "v"}]
    assert score(entries, load_results(tmp_path))["total"] == 0.0
