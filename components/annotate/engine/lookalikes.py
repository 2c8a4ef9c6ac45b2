"""A text as it looks: what a reader takes for a tag or an order is found however it is spelled.

A tokenizer reads `</Silence>` in no other spelling than its own, so a look-alike never becomes a state by
itself. But a label that holds one teaches the model to write it, and a step that normalises text could turn
it into the real thing. What follows is a check on a copy; the text of a label is never rewritten by it.
"""

import html
import re
import unicodedata

# The letters of the state tokens and of English orders, from Cyrillic, Greek and phonetic letters that share
# their shape; brackets, bars and slashes that NFKD (Unicode Standard Annex 15) leaves as they are.
_ALIKE = {
    "a": "\u0430\u03b1\u0251\u1d00",
    "b": "\u0432\u0184\u0299",
    "c": "\u0441\u03f2\u1d04",
    "d": "\u0501\u1d05",
    "e": "\u0435\u03b5\u1d07",
    "g": "\u0261\u0262",
    "h": "\u043d\u04bb\u029c",
    "i": "\u0456\u03b9\u0131\u026a\u0269",
    "j": "\u0458",
    "k": "\u043a\u03ba\u1d0b",
    "l": "\u04cf\u029f\u01c0\u0142",
    "m": "\u043c\u1d0d",
    "n": "\u03b7\u0578\u0274",
    "o": "\u043e\u03bf\u0585\u1d0f\u00f8",
    "p": "\u0440\u03c1\u1d18",
    "q": "\u051b",
    "r": "\u0433\u0280",
    "s": "\u0455\ua731",
    "t": "\u0442\u03c4\u1d1b",
    "u": "\u03c5\u057d\u1d1c",
    "v": "\u03bd\u0475\u1d20",
    "w": "\u051d\u1d21",
    "x": "\u0445\u03c7",
    "y": "\u0443\u028f\u04af",
    "<": "\u2039\u3008\u27e8\u276e\u276c\u2770\u02c2\u1438\u29fc\u16b2",
    ">": "\u203a\u3009\u27e9\u276f\u276d\u2771\u02c3\u1433\u29fd\u16b3",
    "/": "\u2044\u2215\u29f8\u2571\u27cb",
    "|": "\u2223\u2502\u23d0",
}
# Letters and a symbol that are drawn as nothing; NFKD turns the half-width filler into one of them.
_NOTHING = "\u115f\u1160\u3164\u2800"
_TABLE = {ord(letter): plain for plain, letters in _ALIKE.items() for letter in letters} | {
    ord(letter): None for letter in _NOTHING
}
_ESCAPE = re.compile(r"\\(?:u|x)\{?([0-9a-fA-F]{2,5})\}?")
_UNSEEN = frozenset({"Cf", "Cc", "Mn", "Me"})  # without width, control, marks on letters


def as_seen(text: str) -> str:
    """`text` in lower-case ASCII look-alikes, entities and escapes read, marks and unseen letters left out.

    Blanks stay blanks. Letters that look like no Latin one stay as they are, in decomposed form.
    """
    if text.isascii() and "&" not in text and "\\" not in text:
        return _seen(text.casefold())
    read = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), html.unescape(text))
    return _seen(unicodedata.normalize("NFKD", read).casefold().translate(_TABLE))


def _seen(text: str) -> str:
    return "".join(
        letter for letter in text if letter.isspace() or unicodedata.category(letter) not in _UNSEEN
    )
