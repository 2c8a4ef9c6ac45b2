"""How alike two short texts are."""

import re
from collections import Counter
from functools import lru_cache

_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """Runs of letters, digits and underscores, case folded; all else only separates them."""
    return _WORD.findall(text.casefold())


def token_f1(first: str, second: str) -> float:
    """F1 of the words two texts share, each counted as often as it occurs in both; 1 for two empty texts.

    The harmonic mean of the share of the first's words found in the second and the reverse: the usual measure
    for short answers. It knows no synonyms, so it is a lower bound of agreement in meaning.
    """
    one, other = _counted(first), _counted(second)
    if not one and not other:
        return 1.0
    shared = sum(min(number, other[word]) for word, number in one.items() if word in other)
    return 2 * shared / (one.total() + other.total())


@lru_cache(maxsize=4096)
def _counted(text: str) -> Counter[str]:
    """How often each word stands in a text; a text is compared with many."""
    return Counter(words(text))
