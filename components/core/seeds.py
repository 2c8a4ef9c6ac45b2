"""Seeds derived from names, so that adding a consumer never shifts another one's random numbers."""

import hashlib
import random

import numpy as np


def derive(seed: int, *names: object) -> int:
    """A 63-bit seed from a base seed and a path of names; stable across runs, machines and Pythons."""
    text = "/".join([str(seed), *(str(name) for name in names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def rng(seed: int, *names: object) -> np.random.Generator:
    """A numpy generator (PCG64) for this seed and path of names."""
    return np.random.Generator(np.random.PCG64(derive(seed, *names)))


def py_random(seed: int, *names: object) -> random.Random:
    """A standard-library generator for this seed and path of names."""
    return random.Random(derive(seed, *names))
