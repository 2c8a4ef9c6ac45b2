"""The exchanged-video control: the same questions on another clip's frames must score at the floor."""

from collections.abc import Iterable

from components.core.errors import DataError
from components.core.seeds import rng


def derange(videos: Iterable[str], seed: int) -> dict[str, str]:
    """Another video for every video, each shown once: a seeded cycle; DataError for a single one."""
    names = sorted(set(videos))
    if len(names) < 2:
        raise DataError(
            f"{len(names)} benchmark videos: an exchange needs at least two (evaluate.exchanged: false)"
        )
    order = [names[int(index)] for index in rng(seed, "exchange").permutation(len(names))]
    return dict(zip(order, [*order[1:], order[0]], strict=True))
