"""Free text to an option's letter by exact match, counted: nothing is guessed, nothing is lost."""

from collections import Counter
from collections.abc import Sequence

from components.evaluate.answers import LETTERS

EXACT, LETTER, UNMATCHED, MISSING = "exact", "letter", "unmatched", "missing"


def normal(text: str) -> str:
    """What is compared: case, outer blanks and one final full stop do not matter."""
    return " ".join(text.casefold().split()).removesuffix(".")


def letter_of(text: str | None, options: Sequence[str]) -> tuple[str | None, str]:
    """The letter of the option that `text` spells, and how it was found.

    Returns:
        `(letter, "exact")` for one option's text, `(letter, "letter")` for a bare letter among the options,
        `(None, "missing")` for no answer, `(None, "unmatched")` for anything else: a text that fits no
        option, or that two options share. An unmatched text is no letter, so that the official substring
        rule cannot credit a capital letter inside a wrong sentence.

    """
    if text is None or not text.strip():
        return None, MISSING
    wanted = normal(text)
    hits = [number for number, option in enumerate(options) if normal(option) == wanted]
    if len(hits) == 1:
        return LETTERS[hits[0]], EXACT
    bare = wanted.upper()
    if not hits and len(bare) == 1 and bare in LETTERS[: len(options)]:
        return bare, LETTER
    return None, UNMATCHED


class LetterMap:
    """`letter_of` with a running count of how answers were found (`counts` goes into scores.json)."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter({EXACT: 0, LETTER: 0, MISSING: 0, UNMATCHED: 0})

    def __call__(self, text: str | None, options: Sequence[str]) -> str | None:
        """The letter or None; counts the outcome."""
        letter, how = letter_of(text, options)
        self.counts[how] += 1
        return letter
