"""A seeded share of the annotation file, stratified by task."""

import math
from collections.abc import Sequence

from components.core.seeds import rng
from components.evaluate.ovo_format import TASKS, Entry


def stratified(entries: Sequence[Entry], share: float | None, seed: int) -> list[Entry]:
    """`share` of each task's entries, rounded up, in the order of the file; all for None."""
    if share is None:
        return list(entries)
    chosen: set[int] = set()
    for task in TASKS:
        places = [place for place, entry in enumerate(entries) if entry["task"] == task]
        drawn = rng(seed, "ovo_bench", "sample", task).permutation(len(places))
        chosen |= {places[number] for number in drawn[: math.ceil(share * len(places))].tolist()}
    return [entry for place, entry in enumerate(entries) if place in chosen]
