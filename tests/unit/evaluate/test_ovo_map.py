import pytest

from components.evaluate.ovo_map import LetterMap, letter_of

OPTIONS = ["red circle", "Blue square.", "unable to answer", "red circle."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("blue square", ("B", "exact")),
        ("  Unable   to answer ", ("C", "exact")),
        ("b", ("B", "letter")),
        ("red circle", (None, "unmatched")),  # two options share the text: nothing is guessed
        ("A red circle", (None, "unmatched")),
        ("E", (None, "unmatched")),
        ("", (None, "missing")),
        (None, (None, "missing")),
    ],
)
def test_only_an_exact_option_text_becomes_a_letter(text, expected):
    assert letter_of(text, OPTIONS) == expected


def test_every_outcome_is_counted():
    letters = LetterMap()
    for text in ("blue square", None, "nonsense", "C", "unable to answer"):
        letters(text, OPTIONS)
    assert letters.counts == {"exact": 2, "letter": 1, "missing": 1, "unmatched": 1}
