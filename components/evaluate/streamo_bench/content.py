"""Do two answers say the same? The rule is the set's: `exact` words, or an `overlap` of half of them."""

import re
from collections import Counter

WORD = re.compile(r"[^\W_]+(?:\.\d+)?")
ARTICLES = frozenset(("a", "an", "the"))
OVERLAP = 0.5  # least F1 of the words of two free sentences about one event
RULES = ("exact", "overlap")


def words(text: str) -> list[str]:
    """Lower-case words without articles and punctuation."""
    return [word for word in WORD.findall(text.lower()) if word not in ARTICLES]


def overlap(one: str, other: str) -> float:
    """F1 of the two bags of words, 0 to 1; 0 if either has none."""
    left, right = Counter(words(one)), Counter(words(other))
    common = (left & right).total()
    return 2 * common / (left.total() + right.total()) if common else 0.0


def same(said: str, truth: str, rule: str) -> bool:
    """Whether `said` gives the true answer; a truth of a single word or number is always compared exactly."""
    left, right = words(said), words(truth)
    if rule == "exact" or len(right) == 1:
        return bool(left) and left == right
    return overlap(said, truth) >= OVERLAP
