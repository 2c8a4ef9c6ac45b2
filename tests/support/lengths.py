"""Lengths of samples to pack: as the embedded corpus has them, and as the paper's histogram makes them."""

import math

import numpy as np

from components.core.seeds import rng
from components.train.windows import Sizes

# Counted on the embedded dataset: the 2,400 draws of a run of 300 steps of 8 samples (seed 0, default
# offsets) by tokens, from 366 on. A clip has 20 to 24 turns.
TINY_FROM = 366
TINY_COUNTS = (
    3, 7, 17, 4, 16, 13, 7, 5, 12, 7, 9, 11, 4, 1, 0, 1, 4, 3, 8, 13, 35, 25, 15, 28, 31, 24, 20, 23,
    25, 9, 21, 13, 5, 5, 7, 2, 9, 18, 35, 31, 41, 37, 29, 28, 19, 31, 29, 17, 20, 13, 11, 14, 10, 3, 6,
    20, 30, 24, 25, 43, 42, 45, 33, 37, 27, 33, 25, 19, 7, 10, 7, 8, 10, 30, 36, 38, 33, 29, 41, 24,
    30, 42, 25, 35, 33, 30, 16, 15, 14, 14, 5, 9, 17, 32, 13, 17, 25, 18, 11, 18, 25, 33, 12, 22, 14,
    14, 13, 13, 15, 9, 11, 4, 8, 21, 5, 4, 4, 1, 2, 8, 12, 19, 5, 13, 13, 7, 3, 6, 8, 6, 5, 4, 4, 3, 1,
    0, 1, 2, 1, 3, 5, 9, 6, 10, 13, 9, 1, 7, 10, 11, 6, 1, 3, 5, 0, 3, 1, 1, 1, 3, 1, 2, 0, 2, 1, 2, 0,
    1, 0, 0, 2, 0, 0, 1,
)  # fmt: skip

# Videos by duration in seconds (paper, Streamo-Instruct-465K). Its last bin has no end; 360 s is assumed.
PAPER_BINS_S = ((1, 30, 68_273), (30, 60, 19_153), (60, 120, 21_834), (120, 240, 20_529), (240, 360, 6_086))
TURN_TOKENS = 151  # 128 visual ones (performance study; the paper: about 150 a second)
PREFIX_TOKENS, QUESTION_TOKENS = 28, 20


def tiny_lengths(count: int, seed: int) -> list[int]:
    """Tokens of `count` samples of the embedded corpus."""
    weights = np.array(TINY_COUNTS) / sum(TINY_COUNTS)
    drawn = rng(seed, "tiny lengths").choice(len(TINY_COUNTS), size=count, p=weights)
    return [TINY_FROM + int(place) for place in drawn]


def paper_sizes(count: int, seed: int) -> list[Sizes]:
    """Sizes of `count` samples whose durations are uniform within the bins of the paper's histogram."""
    generator = rng(seed, "paper lengths")
    weights = np.array([videos for *_, videos in PAPER_BINS_S], dtype=float)
    out = []
    for place in generator.choice(len(PAPER_BINS_S), size=count, p=weights / weights.sum()):
        low, high, _ = PAPER_BINS_S[place]
        turns = math.ceil(generator.uniform(low, high))
        asked = (QUESTION_TOKENS, *(0,) * (turns - 1))
        out.append(Sizes(PREFIX_TOKENS, tuple(TURN_TOKENS + tokens for tokens in asked), asked))
    return out
