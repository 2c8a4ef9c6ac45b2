"""State tokens in foreign text: found, or made harmless, wherever they stand in an answer."""

import re
from collections.abc import Iterator
from typing import Any

from components.protocol.states import STATES, contains_state_token

# A word joiner after `<`: the text looks the same, and no tokenizer reads a state token in it.
BROKEN = "<\u2060"
_SPELLED = re.compile(
    "|".join(r"\s*".join(re.escape(letter) for letter in state.value) for state in STATES), re.IGNORECASE
)


def state_token_places(data: Any, where: str = "answer") -> list[str]:
    """Where `data` (plain JSON) spells a state token, keys included, e.g. `answer.events[2].caption`."""
    return [place for place, text in _texts(data, where) if contains_state_token(text)]


def without_state_tokens(text: str) -> str:
    """`text` with every state token, in any case and with blanks inside, broken up so that it is none."""
    return _SPELLED.sub(lambda match: BROKEN + match[0][1:], text)


def _texts(data: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(data, str):
        yield where, data
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _texts(item, f"{where}[{index}]")
    elif isinstance(data, dict):
        for key, item in data.items():
            yield f"{where}.{key}", str(key)
            yield from _texts(item, f"{where}.{key}")
