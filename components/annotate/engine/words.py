"""Texts of an answer: what must not become part of a label, with the reason that is counted.

Text on screen may be written for the model that reads it. The prompts say it is no instruction; here an
answer that sounds like one is refused before another model or a label sees it. An echo that reads like a
plain caption cannot be told from one: that is what the review page is for.
"""

import re
import unicodedata
from collections.abc import Sequence

from components.annotate.engine.described import Described
from components.protocol import reasons
from components.protocol.states import contains_state_token
from components.protocol.turns import FRAME

INSTRUCTION, CONTROL, TOO_LONG = "instruction_in_text", "control_token_in_text", "too_long"
OF_THE_VIDEO = "speaks_of_video"
MOST_WORDS = 40

_CONTROL = re.compile(
    r"<\|[^|<>]{1,40}\|>|</?s>|\[/?INST\]|<</?SYS>>|</?(image|video|frame|think)>|<\d+s-\d+s>", re.IGNORECASE
)
_INSTRUCTIONS = re.compile(
    r"\b(ignore|disregard|forget|override|bypass)\b.{0,40}\b"
    r"(instructions?|prompts?|rules|(text|messages?) (above|before)|(previous|prior) (text|messages?))\b"
    r"|\b(system|developer) (prompt|message)\b"
    r"|\b(you are|act as|pretend to be) (now )?an? (ai|assistant|language model|chat ?bot)\b"
    r"|\bas an ai\b|\bnew instructions?\b"
    r"|\b(respond|reply|answer|output|print|return) (only|exactly|always)\b"
    r"|\b(respond|reply|answer) with (yes|no|json|the (word|text|letter|phrase))\b"
    r"|^\s*(system|assistant|user|human|developer)\s*:",
    re.IGNORECASE,
)
_OF_THE_VIDEO = re.compile(
    r"\b(the|this) (video|clip|footage|recording)\b|\b(video|clip|footage) (starts|begins|ends)\b"
    r"|\b(the|this) camera (pans|zooms|tilts|moves|cuts|shows|turns|follows|focuses)\b"
    r"|^\s*(finally|lastly|in the end|at the (beginning|start|end))\b|\bfades? (in|out)\b|\bcuts? to\b",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """One line in composed letters, single blanks, without characters that have no width."""
    letters = (
        letter for letter in unicodedata.normalize("NFC", text) if unicodedata.category(letter) != "Cf"
    )
    return " ".join("".join(letters).split())


def fault(text: str, *, most_words: int = MOST_WORDS, empty: bool = False) -> tuple[str, str] | None:
    """(reason, detail) why a text cannot be used; None if it can. `empty`: no text is fine too."""
    if not text:
        return None if empty else (reasons.EMPTY_TEXT, "expected text, found none")
    squeezed = "".join(text.lower().split())
    shown = f"{text[:80]!r}"
    checks = (
        (contains_state_token(text), reasons.STATE_SPELLED),
        (FRAME.lower() in squeezed, reasons.FRAME_SPELLED),
        (_CONTROL.search(text) is not None or _CONTROL.search(squeezed) is not None, CONTROL),
        (_INSTRUCTIONS.search(text) is not None, INSTRUCTION),
        (len(text.split()) > most_words, TOO_LONG),
    )
    return next(((reason, shown) for bad, reason in checks if bad), None)


def speaks_of_video(text: str) -> bool:
    """Whether a caption speaks of the video itself instead of what it shows."""
    return _OF_THE_VIDEO.search(text) is not None


def usable(one: Described, where: str, texts: Sequence[str], *, most_words: int = MOST_WORDS) -> bool:
    """Whether all of `texts` can be used; what cannot is refused, with `where` in the detail."""
    found = [wrong for text in texts if (wrong := fault(text, most_words=most_words))]
    for reason, detail in found:
        one.refuse(reason, f"{where}: {detail}")
    return not found
