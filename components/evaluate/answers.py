"""What letter an answer names, for any value a results file may hold: read twice, counted, never guessed.

Official: OVO-Bench's public rule, the truth's capital letter anywhere in the answer, which also credits a
capital inside a wrong sentence. Strict: the answer must begin with one option's letter and name no second
one. Whatever is strictly right is officially right. The table of results is in this room's README.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.protocol.states import contains_state_token

LETTERS = "ABCDEFGHIJ"
LETTER, SUBSTRING, SUBSTRING_SEVERAL = "letter", "substring", "substring_several"
MISSING, NOT_TEXT, STATE_TOKEN, SEVERAL = "missing", "not_text", "state_token", "several"
OTHER_FORM, NO_OPTION, UNREAD = "other_form", "no_option", "unread"

BIGGEST = 2**63  # a number beyond it is no answer to anything, and Python refuses to spell the largest
WIDE_OPEN = "\uff08\u3010\u300c"  # brackets and marks of Chinese and Japanese answers
WIDE_CLOSE = "\u3002\uff09\uff1a\uff0c\uff1b\u3001\u3011\u300d"
OPEN_MARKS = rf"\s(\[\"'*{WIDE_OPEN}"
OPEN = f"[{OPEN_MARKS}]*"
CLOSE = rf".):,;\]\"'*\n{WIDE_CLOSE}"
LEADING = re.compile(rf"{OPEN}([A-Z])(?=$|[{CLOSE}])")
# a second letter after the first: a bare one, or any after `or`, `and`, `/`, `&`
LISTED = re.compile(rf"[{OPEN_MARKS}{CLOSE}]+([A-Z])(?=$|[{CLOSE}])")
ALTERNATIVE = re.compile(rf"{OPEN}([A-Z])[\s{CLOSE}]*(?:or\b|and\b|/|&){OPEN}([A-Z])(?=$|\W)")


@dataclass(frozen=True)
class Read:
    """The letter an answer names, None if none, and `how` it was read (one of this module's words)."""

    letter: str | None
    how: str


def text_of(answer: Any) -> tuple[str | None, str]:
    """An answer of any type as text, or None and why not.

    Returns:
        `(text, "letter")`; `(None, "missing")` for None, blanks and lists without an item;
        `(None, "not_text")` for what is no text, number, or flat list of these. List items are joined with
        a blank, None items left out: as the text `None` they would hold the answer `No`. A whole float is
        spelled as an integer, so that 3.0 is the count 3 and not 30.

    """
    if isinstance(answer, list | tuple):
        parts = [text_of(item) if not isinstance(item, list | tuple) else (None, NOT_TEXT) for item in answer]
        if any(how == NOT_TEXT for _, how in parts):
            return None, NOT_TEXT
        return text_of(" ".join(text for text, _ in parts if text is not None))
    if isinstance(answer, str):
        return (answer, LETTER) if answer.strip() else (None, MISSING)
    if answer is None:
        return None, MISSING
    return number_text(answer)


def number_text(answer: Any) -> tuple[str | None, str]:
    """A number as text; a truth value, what is not finite and anything else is not text."""
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        return None, NOT_TEXT
    if not -BIGGEST < answer < BIGGEST:  # nor is NaN
        return None, NOT_TEXT
    return str(int(answer) if answer == int(answer) else answer), LETTER


def official_letter(answer: Any, truth: str, options: Sequence[str]) -> Read:
    """The truth's letter if the official substring rule credits `answer`, else None.

    `how` tells a credit that other options' letters would have got as well (`substring_several`) from one
    that only the truth gets.

    Args:
        answer: any value.
        truth: the letter of the right option.
        options: the options' texts; only their number matters.

    """
    text, how = text_of(answer)
    if text is None:
        return Read(None, how)
    if truth not in text:
        return Read(None, UNREAD)
    found = sum(letter in text for letter in LETTERS[: len(options)])
    return Read(truth, SUBSTRING if found <= 1 else SUBSTRING_SEVERAL)


def strict_letter(answer: Any, options: Sequence[str]) -> Read:
    """The one option letter that `answer` begins with.

    `B`, `(B)`, `B. text` and `*B*` name B; `A or B`, `A, B` none (`several`), unless what follows is that
    option's own text; nor does `b` or a full-width letter (`other_form`), a letter without option
    (`no_option`), a text with a state token (`state_token`), or any other text (`unread`), such as `A person
    walks` or `The answer is B`.

    Args:
        answer: any value.
        options: the options' texts; none given stands for ten options of unknown text.

    """
    text, how = text_of(answer)
    if text is None:
        return Read(None, how)
    if contains_state_token(text):
        return Read(None, STATE_TOKEN)
    letters = LETTERS[: len(options)] if options else LETTERS
    if names_two(text, letters, options):
        return Read(None, SEVERAL)
    found = LEADING.match(text)
    if found is None:
        return Read(None, OTHER_FORM if is_other_form(text, letters) else UNREAD)
    return Read(found[1], LETTER) if found[1] in letters else Read(None, NO_OPTION)


def is_other_form(text: str, letters: str) -> bool:
    """Whether `text` is one option's letter in lower case or full width, which neither rule reads."""
    core = text.strip(" \n\t()[].,\"'*")
    return len(core) == 1 and core not in letters and unicodedata.normalize("NFKC", core).upper() in letters


def names_two(text: str, letters: str, options: Sequence[str]) -> bool:
    """Whether a leading letter is followed by another option's letter instead of its own option's text."""
    both = ALTERNATIVE.match(text)
    first = both or LEADING.match(text)
    if first is None or first[1] not in letters:
        return False
    listed = LISTED.match(text, first.end(1))
    second = both[2] if both else listed[1] if listed else first[1]
    if second == first[1] or second not in letters:
        return False
    said = text[first.end(1) :]
    return not options or plain(said) != plain(options[letters.index(first[1])])


def plain(text: str) -> str:
    """A text without case and the marks around it."""
    return text.strip(" \n\t.):,;]\"'*").casefold()
