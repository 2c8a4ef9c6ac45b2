"""Draws scenes at random: the lengths and numbers of events come from params.yaml (`world.lengths`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from components.core.errors import UsageError
from components.world.scene import Scene, Span
from components.world.words import AMBER, ITEMS, LETTERS, OPPOSITE, SIDES

Range = tuple[int, int]


@dataclass(frozen=True)
class Lengths:
    """Inclusive ranges: seconds of each kind of span, and how many jumps and drops a clip has."""

    clip_s: Range = (20, 24)
    lamp_s: Range = (4, 7)
    amber_s: Range = (2, 3)
    jump_s: Range = (2, 3)
    jumps: Range = (2, 5)
    drop_s: Range = (3, 5)
    drops: Range = (2, 4)

    @classmethod
    def from_params(cls, values: Mapping[str, Any]) -> "Lengths":
        """Read the section `world.lengths` of params.yaml; unknown or empty ranges are a UsageError."""
        known = {field.name for field in fields(cls)}
        for key, value in values.items():
            if key not in known or len(value) != 2 or not 1 <= value[0] <= value[1]:
                expected = f"one of {sorted(known)} as [low, high] with 1 <= low <= high"
                raise UsageError(f"params.yaml world.lengths.{key}: {value!r}; expected {expected}")
        return cls(**{key: (int(value[0]), int(value[1])) for key, value in values.items()})


def sample_scene(video_id: str, generator: np.random.Generator, lengths: Lengths) -> Scene:
    """One random scene; the same generator state gives the same scene."""
    duration = _draw(generator, lengths.clip_s)
    items = [str(item) for item in generator.permutation(ITEMS)]
    jumps = _place(generator, duration, _draw(generator, lengths.jumps), lengths.jump_s)
    drops = _place(generator, duration, _draw(generator, lengths.drops), lengths.drop_s)
    return Scene(
        video_id=video_id,
        duration_s=duration,
        lamp=_lamp(generator, duration, lengths),
        actor=items[-1],  # never one of the dropped objects
        side=_side(generator, duration),
        jumps=tuple(jumps),
        drops=tuple(Span(s.start, s.end, item) for s, item in zip(drops, items, strict=False)),
        sign=_sign(generator, duration),
    )


def _draw(generator: np.random.Generator, limits: Range) -> int:
    return int(generator.integers(limits[0], limits[1] + 1))


def _place(generator: np.random.Generator, duration: int, count: int, limits: Range) -> list[Span]:
    """Up to `count` spans in `[1, duration - 1]`, a second apart at least; what does not fit is left out."""
    sizes = [_draw(generator, limits) for _ in range(count)]
    while sum(sizes) + len(sizes) - 1 > duration - 2:
        sizes.pop()
    slack = duration - 2 - sum(sizes) - (len(sizes) - 1)
    cuts = np.sort(generator.integers(0, slack + 1, len(sizes)))
    spans, start = [], 1
    for index, (size, cut) in enumerate(zip(sizes, cuts, strict=True)):
        begin = start + int(cut) + index
        spans.append(Span(begin, begin + size))
        start += size
    return spans


def _lamp(generator: np.random.Generator, duration: int, lengths: Lengths) -> tuple[Span, ...]:
    """Red and green in turn, amber before each change; an amber that would reach the end is left out."""
    colour = "red" if generator.random() < 0.5 else "green"
    end = int(
        generator.integers(2, lengths.lamp_s[1] + 1)
    )  # the clip begins somewhere inside the first colour
    spans: list[Span] = []
    start = 0
    while True:
        amber_end = end + _draw(generator, lengths.amber_s)
        if amber_end >= duration:
            return (*spans, Span(start, duration, colour))
        spans += [Span(start, end, colour), Span(end, amber_end, AMBER)]
        start, end, colour = amber_end, amber_end + _draw(generator, lengths.lamp_s), OPPOSITE[colour]


def _side(generator: np.random.Generator, duration: int) -> tuple[Span, ...]:
    changes = sorted(
        int(t)
        for t in generator.choice(np.arange(3, duration - 2), int(generator.integers(0, 3)), replace=False)
    )
    values = [str(generator.choice(SIDES))]
    for _ in changes:
        values.append(str(generator.choice([side for side in SIDES if side != values[-1]])))
    return _cover([0, *changes, duration], values)


def _sign(generator: np.random.Generator, duration: int) -> tuple[Span, ...]:
    """Half of the signs are blank until late (the clue), a quarter change, a quarter stay."""
    first, second = (str(letter) for letter in generator.choice(LETTERS, 2, replace=False))
    change, kind = int(generator.integers(4, duration - 2)), generator.random()
    if kind < 0.5:
        return _cover([0, change, duration], ["", second])
    return _cover([0, change, duration], [first, second]) if kind < 0.75 else _cover([0, duration], [first])


def _cover(edges: Sequence[int], values: Sequence[str]) -> tuple[Span, ...]:
    return tuple(Span(a, b, value) for a, b, value in zip(edges[:-1], edges[1:], values, strict=True))
