"""Which side of the split each video stands on: a seeded hash of its content group, so that nothing leaks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from components.core.seeds import derive

TRAIN, VALIDATION = "train", "validation"
SIDES = (TRAIN, VALIDATION)
BENCHMARK = "benchmark_video"
NEAR_BENCHMARK = "near_duplicate_of_benchmark"


@dataclass(frozen=True)
class Split:
    """`side` of each usable video; `excluded` videos with (reason, benchmark videos it is or resembles)."""

    side: dict[str, str]
    excluded: dict[str, tuple[str, list[str]]]


def split_videos(
    groups: Sequence[Sequence[str]],
    sha256: Mapping[str, str],
    benchmark: Collection[str],
    *,
    share: float,
    seed: int,
) -> Split:
    """Assign whole groups.

    A group's place follows from the seed and from the smallest SHA-256 of its videos alone: neither names nor
    other videos move it. Groups below `share` are validation; where that leaves a side empty although there
    are two groups, the group nearest to the border changes sides.

    Args:
        groups: videos of the same content; each video in one group.
        sha256: digest of each video's file.
        benchmark: videos that must never be trained on: their groups are excluded whole.
        share: expected share of groups in validation, strictly between 0 and 1.
        seed: base seed.

    """
    if not 0 < share < 1:
        raise ValueError(f"a validation share lies strictly between 0 and 1, got {share!r}")
    excluded: dict[str, tuple[str, list[str]]] = {}
    places: list[tuple[float, Sequence[str]]] = []
    for group in groups:
        tested = sorted(set(group) & set(benchmark))
        for name in group if tested else ():
            excluded[name] = (BENCHMARK, [name]) if name in tested else (NEAR_BENCHMARK, tested)
        if not tested:
            places.append((place(group, sha256, seed), group))
    places.sort()
    validation = sum(where < share for where, _ in places)
    if len(places) > 1:
        validation = min(max(validation, 1), len(places) - 1)
    side = {
        name: VALIDATION if index < validation else TRAIN
        for index, (_, group) in enumerate(places)
        for name in group
    }
    return Split(dict(sorted(side.items())), dict(sorted(excluded.items())))


def place(group: Sequence[str], sha256: Mapping[str, str], seed: int) -> float:
    """A number in [0, 1) that the group's content and the seed decide."""
    return derive(seed, "split", min(sha256[name] for name in group)) / 2**63
