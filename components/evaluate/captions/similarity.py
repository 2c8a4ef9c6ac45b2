"""How alike two captions are: METEOR and BLEU by nltk, CIDEr-D by its formula.

What was decided, and why. `pycocoevalcap` (last release 2020) starts Java for its tokenizer and for METEOR.
nltk's METEOR wants WordNet for synonyms, which it would download: it gets a dictionary without entries, so
words match exactly or by stem, and the figure is called `METEOR_es` (exact, stem), which is not the Java
tool's. No kept package has CIDEr alone; CIDEr-D is a page (Vedantam, Zitnick, Parikh 2015, eq. 3 to 5 with
the clipping and the length penalty of CIDEr-D). `sacrebleu` tokenizes for translation; BLEU-4 here is
nltk's on caption words, smoothed by adding 1e-1 to an n-gram order without match (Chen and Cherry 2014,
method 1), since one sentence is scored.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

from components.evaluate.captions.words import tokens

ORDER = 4  # longest n-gram
SIGMA = 6.0  # CIDEr-D: width of the length penalty
Grams = Counter[tuple[str, ...]]


class NoSynonyms:
    """Stands where nltk's METEOR looks synonyms up: there are none."""

    def synsets(self, word: str) -> list[Any]:
        """No entry for any word."""
        return []


class CachedStemmer:
    """nltk's Porter stemmer; captions repeat their words."""

    def __init__(self) -> None:
        from nltk.stem.porter import PorterStemmer  # type: ignore[import-untyped]  # it ships no types

        self.stem = lru_cache(maxsize=65536)(PorterStemmer().stem)


@cache
def stemmer() -> CachedStemmer:
    """One stemmer for the process."""
    return CachedStemmer()


@lru_cache(maxsize=65536)
def meteor(said: str, truth: str) -> float:
    """METEOR_es of one caption against one, 0 to 1."""
    from nltk.translate.meteor_score import single_meteor_score  # type: ignore[import-untyped]

    left, right = tokens(said), tokens(truth)
    if not left or not right:
        return 0.0
    return float(single_meteor_score(right, left, stemmer=stemmer(), wordnet=NoSynonyms()))


@lru_cache(maxsize=65536)
def bleu(said: str, truth: str) -> float:
    """Smoothed sentence BLEU-4 of one caption against one, 0 to 1."""
    from nltk.translate.bleu_score import (  # type: ignore[import-untyped]
        SmoothingFunction,
        sentence_bleu,
    )

    left, right = tokens(said), tokens(truth)
    if not set(left) & set(right):
        return 0.0
    return float(sentence_bleu([right], left, smoothing_function=SmoothingFunction().method1))


class CiderD:
    """CIDEr-D against single references; rare n-grams weigh more.

    Args:
        truths: every true caption of the annotations: the documents that n-grams are counted in.

    """

    def __init__(self, truths: Iterable[str]):
        documents = [grams_of(truth) for truth in truths]
        self.log_count = math.log(max(1, len(documents)))
        self.found_in: Counter[tuple[str, ...]] = Counter()
        for document in documents:
            self.found_in.update(document.keys())
        self.known: dict[tuple[str, str], float] = {}

    def __call__(self, said: str, truth: str) -> float:
        """0 to 10, as CIDEr-D is scaled."""
        if (said, truth) not in self.known:  # a pair comes back at every threshold
            self.known[(said, truth)] = self.compare(said, truth)
        return self.known[(said, truth)]

    def compare(self, said: str, truth: str) -> float:
        """What a call gives, computed."""
        left, right = grams_of(said), grams_of(truth)
        apart = len(tokens(said)) - len(tokens(truth))
        penalty = math.exp(-(apart**2) / (2 * SIGMA**2))
        orders = [self.likeness(of_order(left, n), of_order(right, n)) for n in range(1, ORDER + 1)]
        return 10 * penalty * sum(orders) / ORDER

    def likeness(self, said: Mapping[tuple[str, ...], int], truth: Mapping[tuple[str, ...], int]) -> float:
        """Cosine of the two weighted counts of one order, those of `said` clipped to those of `truth`."""
        left = {gram: count * self.weight(gram) for gram, count in said.items()}
        right = {gram: count * self.weight(gram) for gram, count in truth.items()}
        both = sum(min(value, right[gram]) * right[gram] for gram, value in left.items() if gram in right)
        lengths = norm(left.values()) * norm(right.values())
        return both / lengths if lengths else 0.0

    def weight(self, gram: tuple[str, ...]) -> float:
        """Logarithm of captions in all over captions with it."""
        return self.log_count - math.log(max(1, self.found_in[gram]))


@lru_cache(maxsize=65536)
def grams_of(caption: str) -> Grams:
    """Every n-gram of a caption up to `ORDER` words."""
    words = tokens(caption)
    return Counter(
        tuple(words[start : start + size])
        for size in range(1, ORDER + 1)
        for start in range(len(words) - size + 1)
    )


def of_order(grams: Grams, size: int) -> dict[tuple[str, ...], int]:
    """Those of one length."""
    return {gram: count for gram, count in grams.items() if len(gram) == size}


def norm(values: Iterable[float]) -> float:
    """Euclidean length."""
    return math.sqrt(sum(value * value for value in values))
