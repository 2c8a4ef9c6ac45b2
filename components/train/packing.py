"""Sequences of exact lengths into packs of at most `budget` tokens; deterministic, never one split."""

from bisect import bisect_left, insort
from collections.abc import Sequence

from components.core.errors import InternalError

Packs = list[list[int]]


def best_fit(lengths: Sequence[int], budget: int) -> Packs:
    """Indices of `lengths` in as few packs as two rules find, each pack at most `budget` tokens.

    Best-fit decreasing (Johnson 1973) first. It wastes room where all lengths are alike and a pack holds ten
    of them (95 % full at 4,096 tokens on the tiny set), so where it is not as good as any packing could be,
    packs are also filled one by one, and the smaller number wins (98.8 % there). Equal input, equal packs.

    Raises:
        InternalError: a length below 1 or above the budget (`windows.cut` comes before).

    """
    for index, length in enumerate(lengths):
        if not 0 < length <= budget:
            raise InternalError(f"sequence {index} has {length} tokens, expected 1 to {budget}")
    packs = _decreasing(lengths, budget)
    if len(packs) == -(-sum(lengths) // budget):
        return packs
    others = _one_by_one(lengths, budget)
    return others if len(others) < len(packs) else packs


def _decreasing(lengths: Sequence[int], budget: int) -> Packs:
    """The longest first, each into the fullest pack that has room; ties to the smaller index. O(n log n)."""
    packs: Packs = []
    room: list[tuple[int, int]] = []  # (tokens left, pack), sorted
    for index in _longest_first(range(len(lengths)), lengths):
        place = bisect_left(room, (lengths[index], -1))
        if place < len(room):
            left, chosen = room.pop(place)
            packs[chosen].append(index)
        else:
            left, chosen = budget, len(packs)
            packs.append([index])
        insort(room, (left - lengths[index], chosen))
    return packs


def _one_by_one(lengths: Sequence[int], budget: int) -> Packs:
    """Each pack takes the longest sequence left and the set of others that fills it best (subset sums)."""
    waiting = _longest_first(range(len(lengths)), lengths)
    packs: Packs = []
    while waiting:
        room = budget - lengths[waiting[0]]
        pack = [waiting[0], *_fullest(waiting[1:], lengths, room)]
        taken = set(pack)
        waiting = [index for index in waiting if index not in taken]
        packs.append(pack)
    return packs


def _fullest(indices: Sequence[int], lengths: Sequence[int], room: int) -> list[int]:
    """Some of `indices` whose lengths come as close to `room` as any choice does.

    Bit s of `sums[k]` says whether the first k lengths hold a subset of sum s; the choice is read backwards.
    """
    sums, within = [1], (1 << (room + 1)) - 1
    fitting = [index for index in indices if lengths[index] <= room]
    for index in fitting:
        sums.append((sums[-1] | sums[-1] << lengths[index]) & within)
        if sums[-1] >> room:
            break
    left, chosen = sums[-1].bit_length() - 1, []
    for place in range(len(sums) - 2, -1, -1):
        if not sums[place] >> left & 1:
            chosen.append(fitting[place])
            left -= lengths[fitting[place]]
    return chosen


def spread(packs: Sequence[Sequence[int]], lengths: Sequence[int], ranks: int) -> Packs:
    """Packs for `ranks` ranks, the fullest first; a multiple of `ranks` where that is possible.

    A rank without a pack would wait while the others work, so packs are halved, the fullest first, until the
    number is a multiple of `ranks` or no pack holds two sequences (then the last ranks run empty packs).
    Rank r takes packs r, r + ranks, ...: neighbours in size run at the same time.
    """
    out = [list(pack) for pack in packs]
    while len(out) % ranks:
        out.sort(key=lambda pack: (len(pack) < 2, -_tokens(pack, lengths), pack))
        if len(out[0]) < 2:
            break
        out[:1] = _halves(out[0], lengths)
    return sorted(out, key=lambda pack: (-_tokens(pack, lengths), pack))


def _halves(pack: Sequence[int], lengths: Sequence[int]) -> Packs:
    """Two parts of about the same number of tokens: the longest goes first, each to the emptier part."""
    parts: Packs = [[], []]
    for index in _longest_first(pack, lengths):
        emptier = _tokens(parts[1], lengths) < _tokens(parts[0], lengths)
        parts[emptier].append(index)
    return parts


def fill(lengths: Sequence[int], packs: Sequence[Sequence[int]], budget: int) -> float:
    """Share of the packs' budget that holds tokens."""
    return sum(_tokens(pack, lengths) for pack in packs) / max(1, budget * len(packs))


def _longest_first(indices: Sequence[int], lengths: Sequence[int]) -> list[int]:
    return sorted(indices, key=lambda index: (-lengths[index], index))


def _tokens(pack: Sequence[int], lengths: Sequence[int]) -> int:
    return sum(lengths[index] for index in pack)
