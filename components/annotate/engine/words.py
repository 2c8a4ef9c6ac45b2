"""Texts of an answer: what must not become part of a label, with the reason that is counted.

Text on screen may be written for the model that reads it. The prompts say it is no instruction; here an
answer that sounds like one is refused before another model or a label sees it, in English and in the most
usual wordings of other languages. Everything is looked for in the text as it is and as it looks
(`lookalikes.py`). An echo that reads like a plain caption cannot be told from one: that is what the review
page is for.
"""

import re
import unicodedata
from collections.abc import Sequence

from components.annotate.engine.described import Described
from components.annotate.engine.lookalikes import as_seen
from components.protocol import reasons
from components.protocol.states import contains_state_token
from components.protocol.turns import FRAME

INSTRUCTION, CONTROL, TOO_LONG = "instruction_in_text", "control_token_in_text", "too_long"
OF_THE_VIDEO, BROKEN = "speaks_of_video", "broken_text"
MOST_WORDS = 40
LETTERS_A_WORD = 16  # on average, the blank included: a text without blanks is no single word
REPLACED = "\ufffd"  # stands where bytes were no text

_CONTROL = re.compile(
    r"<\|[^|<>]{1,40}\|>|</?s>|\[/?INST\]|<</?SYS>>|<\d+s-\d+s>"
    r"|</?(image|img|img_context|video|frame|think|tool_call|ref|box|quad|bos|eos|pad|unk)>"
    r"|<(start|end)_of_(turn|image)>",
    re.IGNORECASE,
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
# The same order in other languages, without accents: Spanish, Portuguese, French, Italian, German, Dutch,
# Polish; and, with accents, Russian, Chinese, Japanese, Korean.
_ORDERS = re.compile(
    r"\b(ignor(a|e|ez|er|iere|ieren|iert|eer|eren|uj)|olvida|esquece|oublie[rz]?|dimentica|vergiss|vergeet"
    r"|missachte|zapomnij)\b.{0,40}\b(instrucci?on(es)?|instrucoes|instructions|instrukcj\w*|istruzion\w*|consignes?|anweisung(en)?"
    r"|anleitung(en)?|instructies?|polecen\w*|regeln|reglas|regras|regles|regole)\b",
    re.IGNORECASE,
)
_ORDERS_COMPOSED = re.compile(
    r"(игнорируй|забудь|не обращай внимания на).{0,40}(инструкци|указани|команд|правил)"
    r"|(忽略|无视|無視|忘记|忘掉).{0,12}(指令|指示|提示|说明|規則|规则|命令)"
    r"|(指示|命令|指令|プロンプト).{0,12}(無視|忘れ)"
    r"|(지시|명령|프롬프트|지침).{0,12}(무시|잊)",
    re.IGNORECASE,
)
_OF_THE_VIDEO = re.compile(
    r"\b(the|this) (video|clip|footage|recording)\b|\b(video|clip|footage) (starts|begins|ends)\b"
    r"|\b(the|this) camera (pans|zooms|tilts|moves|cuts|shows|turns|follows|focuses)\b"
    r"|^\s*(finally|lastly|in the end|at the (beginning|start|end))\b|\bfades? (in|out)\b|\bcuts? to\b",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """One line in composed letters, single blanks, without control characters and those without width."""
    letters = (
        letter
        for letter in unicodedata.normalize("NFC", text)
        if letter.isspace() or unicodedata.category(letter) not in ("Cf", "Cc")
    )
    return " ".join("".join(letters).split())


def fault(text: str, *, most_words: int = MOST_WORDS, empty: bool = False) -> tuple[str, str] | None:
    """(reason, detail) why a text cannot be used; None if it can. `empty`: no text is fine too."""
    if not text:
        return None if empty else (reasons.EMPTY_TEXT, "expected text, found none")
    seen = as_seen(text)
    squeezed = "".join(seen.split())
    shown = f"{text[:80]!r}"
    checks = (
        (contains_state_token(text) or contains_state_token(seen), reasons.STATE_SPELLED),
        (FRAME.lower() in squeezed, reasons.FRAME_SPELLED),
        (_CONTROL.search(seen) is not None or _CONTROL.search(squeezed) is not None, CONTROL),
        (_instructs(text, seen), INSTRUCTION),
        (REPLACED in text, BROKEN),
        (len(text.split()) > most_words or len(text) > LETTERS_A_WORD * most_words, TOO_LONG),
    )
    return next(((reason, shown) for bad, reason in checks if bad), None)


def _instructs(text: str, seen: str) -> bool:
    """Whether a text sounds like an order to a model."""
    composed = unicodedata.normalize("NFKC", text)
    return any(pattern.search(seen) for pattern in (_INSTRUCTIONS, _ORDERS)) or (
        _ORDERS_COMPOSED.search(composed) is not None
    )


def speaks_of_video(text: str) -> bool:
    """Whether a caption speaks of the video itself instead of what it shows."""
    return _OF_THE_VIDEO.search(text) is not None


def usable(one: Described, where: str, texts: Sequence[str], *, most_words: int = MOST_WORDS) -> bool:
    """Whether all of `texts` can be used; what cannot is refused, with `where` in the detail."""
    found = [wrong for text in texts if (wrong := fault(text, most_words=most_words))]
    for reason, detail in found:
        one.refuse(reason, f"{where}: {detail}")
    return not found
