"""How each benchmark's own scorer reads an answer, for any Python value.

Guards beside the official rules, each counted: an answer without text is never right; what is no text is no
answer; a draw at random, where the official scorer makes one, comes from a seed and the question's id.
"""

import re
from typing import Any

from components.core.seeds import rng
from components.evaluate.answers import LETTERS, text_of
from components.evaluate.offline.choice import Item, Mark

LETTER, UNREAD, GUESSED, EMPTY_CREDIT = "letter", "unread", "guessed", "empty_credit_refused"

# Video-MME's published scorer (eval_your_results.py) joins two pairs of these by a missing comma: four of its
# phrases are never removed and `Best answer: C` is read as B. Kept, since published numbers were made so.
VIDEOMME_PHRASES = (
    "The best answer is",
    "The correct answer is",
    "The answer is",
    "The answer",
    "The best option isThe correct option is",
    "Best answer:Best option:",
)
LONGVIDEOBENCH_PHRASES = (
    "The best answer is",
    "The correct answer is",
    "The answer is",
    "The answer",
    "The best option is",
    "The correct option is",
    "Best answer:",
    "Best option:",
)


def first_capital(text: str, phrases: tuple[str, ...], letters: str) -> str | None:
    """The first capital option letter once the phrases are taken out, also one inside a word."""
    for phrase in phrases:
        text = text.replace(phrase, "")
    found = re.search(f"[{letters}]", text)
    return found[0] if found else None


def videomme(item: Item, answer: Any) -> Mark:
    """Video-MME (github.com/MME-Benchmarks/Video-MME, eval_your_results.py): the first of A B C D."""
    text, how = text_of(answer)
    if text is None:
        return Mark(False, how)
    letter = first_capital(text.strip(), VIDEOMME_PHRASES, "ABCD")
    return Mark(letter == item.letter, LETTER if letter else UNREAD)


def longvideobench(item: Item, answer: Any, *, seed: int = 0) -> Mark:
    """LongVideoBench (scorer of its authors in lmms-eval): the first of A to E, else a letter at random."""
    text, how = text_of(answer)
    if text is None:
        return Mark(False, how)  # the official scorer would draw here too: an empty answer is never right
    letter = first_capital(text.strip(), LONGVIDEOBENCH_PHRASES, "ABCDE")
    if letter:
        return Mark(letter == item.letter, LETTER)
    drawn = int(rng(seed, "longvideobench guess", item.id).integers(len(item.options)))
    return Mark(drawn == item.truth, GUESSED, guessed=True)


def mvbench(item: Item, answer: Any) -> Mark:
    """MVBench (github.com/OpenGVLab/Ask-Anything, mvbench.ipynb): first words compared, either in the other.

    Without its full stop the answer's first word may lie in `(b)`, or hold `(b)`. So a lone bracket and an
    answer that begins with a full stop would be right for every question: refused and counted.
    """
    text, how = text_of(answer)
    if text is None:
        return Mark(False, how)
    word = text.lower().split(" ")[0]
    truth = f"({item.letter.lower()})"
    if not (word.replace(".", "") in truth or truth in word):
        return Mark(False, LETTER if re.search(rf"[{LETTERS[:7].lower()}]", word) else UNREAD)
    if item.letter.lower() not in word:
        return Mark(False, EMPTY_CREDIT)
    return Mark(True, LETTER)
