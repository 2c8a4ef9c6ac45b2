"""Groups of videos with the same content: equal bytes, or nearly equal pictures in every second looked at."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from components.dataset.signature import Signature, furthest

# Measured (README): re-encoded and scaled copies differ by at most 15 bits and 5 grey levels in any second,
# unrelated clips of the embedded world by at least 25 bits in some second.
BITS = 16
COLOUR = 5
DURATION_S = 0.5  # a container may round a duration, never by this much


def alike_pairs(signatures: Mapping[str, Signature]) -> Iterator[tuple[str, str]]:
    """Pairs of videos whose durations agree and whose pictures nearly agree in every shared second.

    Videos are compared within a window of durations, first by their first picture (vectorised), then whole.
    """
    names = sorted(signatures, key=lambda name: (signatures[name].duration_s, name))
    if not names:
        return
    durations = np.array([signatures[name].duration_s for name in names])
    bits = np.stack([signatures[name].bits[0] for name in names])
    colour = np.stack([signatures[name].colour[0] for name in names]).astype(np.int16)
    stops = np.searchsorted(durations, durations + DURATION_S, side="right")
    for place, stop in enumerate(stops):
        rest = slice(place + 1, int(stop))
        near = np.bitwise_count(bits[rest] ^ bits[place]).sum(axis=1) <= BITS
        near &= np.abs(colour[rest] - colour[place]).max(axis=1) <= COLOUR
        for other in np.flatnonzero(near) + place + 1:
            if alike(signatures[names[place]], signatures[names[other]]):
                yield names[place], names[other]


def alike(one: Signature, other: Signature) -> bool:
    """Whether two videos nearly agree in every shared second."""
    bits, colour = furthest(one, other)
    return bits <= BITS and colour <= COLOUR


def group(
    names: Sequence[str], sha256: Mapping[str, str], pairs: Iterator[tuple[str, str]]
) -> list[list[str]]:
    """Sorted groups of videos connected by equal bytes or by `pairs`; a video like no other is alone."""
    parent = {name: name for name in names}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    first_with: dict[str, str] = {}
    for name in names:
        parent[root(name)] = root(first_with.setdefault(sha256[name], name))
    for one, other in pairs:
        parent[root(one)] = root(other)
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        groups.setdefault(root(name), []).append(name)
    return sorted(groups.values())
