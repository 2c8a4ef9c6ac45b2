"""Words of a caption and ROUGE-L, the two things that need no library.

Tokens: lower case, letters and digits, an apostrophe inside a word; punctuation is dropped. That is what
the PTB tokenizer of the COCO toolkit leaves of plain captions, without its Java. ROUGE-L (Lin 2004): F1 of
the longest common subsequence. The package `rouge-score` computes the same; its last release is of 2022 and
builds from source, so the nine lines are here and a test holds their values.
"""

import re
from collections.abc import Sequence

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")


def tokens(caption: str) -> list[str]:
    """The words of a caption, lower case."""
    return WORD.findall(caption.lower())


def common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for word in one:
        above = row
        row = [0]
        for index, theirs in enumerate(other):
            row.append(above[index] + 1 if word == theirs else max(above[index + 1], row[index]))
    return row[-1]


def rouge_l(said: str, truth: str) -> float:
    """F1 of the longest common subsequence of words, 0 to 1; 0 if either has no words."""
    left, right = tokens(said), tokens(truth)
    shared = common(left, right)
    return 2 * shared / (len(left) + len(right)) if shared else 0.0
