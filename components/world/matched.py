"""Matched sets of the forward subtasks, by construction worthless to a clock.

REC: three clips tested at one turn with three different counts. SSR: two clips and steps whose yes-turns
are each other's no-turns. CRR: two clips asked at one moment and tested at the same turns, early for one
and late for the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from components.core.errors import DataError
from components.world.scene import Scene, Span

ATTEMPTS = 400  # random tries for one set before the pool is declared too small
ASK_TURNS = 4  # clues are asked for at one of the first turns


@dataclass(frozen=True)
class Tested:
    """One clip of a set: the step asked about (SSR), when it is asked, and the turns it is tested at."""

    scene: Scene
    turns: tuple[int, ...]
    asked: int = 0
    step: Span | None = None


def rec_triples(pool: Sequence[Scene], sets: int, generator: np.random.Generator) -> list[list[Tested]]:
    """`sets` triples; no test at the turn at which a jump ends, where the answer is just being given."""
    used: set[str] = set()
    out: list[list[Tested]] = []
    for turn in _tries(pool, sets, generator, "REC", out):
        by_count: dict[int, Scene] = {}
        for scene in pool:
            clear = all(span.end != turn for span in scene.jumps)
            if scene.video_id not in used and clear and scene.jumps_by(turn):
                by_count.setdefault(scene.jumps_by(turn), scene)
        if len(by_count) >= 3:
            counts = sorted(by_count)
            chosen = [by_count[counts[int(i)]] for i in generator.permutation(len(counts))[:3]]
            used |= {scene.video_id for scene in chosen}
            out.append([Tested(scene, (turn,)) for scene in chosen])
    return out


def ssr_pairs(pool: Sequence[Scene], sets: int, generator: np.random.Generator) -> list[list[Tested]]:
    """`sets` pairs tested at two turns; in every other pair the no-turns show another object (hard)."""
    used: set[str] = set()
    out: list[list[Tested]] = []
    for first in _tries(pool, sets, generator, "SSR", out):
        second = int(generator.integers(2, min(s.duration_s for s in pool) - 1))
        hard = len(out) % 2 == 0
        free = [scene for scene in pool if scene.video_id not in used]
        a = _step(free, first, second, hard, generator)
        b = _step([scene for scene in free if a and scene is not a.scene], second, first, hard, generator)
        if a and b and a.step and b.step and a.step.value != b.step.value:
            used |= {a.scene.video_id, b.scene.video_id}
            out.append([a, b])
    return out


def _step(
    pool: Sequence[Scene], yes: int, no: int, hard: bool, generator: np.random.Generator
) -> Tested | None:
    """A clip whose step is going on at turn `yes` and not at `no` (nor just over there)."""
    for index in generator.permutation(len(pool)):
        scene = pool[int(index)]
        step = next((span for span in scene.drops if span.holds(yes)), None)
        if step and not step.holds(no) and step.end != no and (scene.drop_at(no) is not None or not hard):
            return Tested(scene, (min(yes, no), max(yes, no)), step=step)
    return None


def crr_pairs(pool: Sequence[Scene], sets: int, generator: np.random.Generator) -> list[list[Tested]]:
    """`sets` pairs: asked at one moment, tested at two turns after one clip's clue and before the other's."""
    used: set[str] = set()
    out: list[list[Tested]] = []
    clued = [scene for scene in pool if not scene.sign[0].value and len(scene.sign) > 1]
    for _ in _tries(pool, sets, generator, "CRR", out):
        free = [scene for scene in clued if scene.video_id not in used]
        early, late = (free[int(i)] for i in generator.permutation(len(free))[:2])
        turns = range(clue_turn(early) + 1, clue_turn(late))
        if len(turns) >= 2:
            asked = int(generator.integers(ASK_TURNS))
            tested = tuple(sorted(int(t) for t in generator.choice(turns, 2, replace=False)))
            used |= {early.video_id, late.video_id}
            out.append([Tested(scene, tested, asked=asked) for scene in (early, late)])
    return out


def clue_turn(scene: Scene) -> int:
    """The instant at which the blank sign shows its letter."""
    return scene.sign[1].start


def _tries(
    pool: Sequence[Scene], sets: int, generator: np.random.Generator, task: str, out: list[list[Tested]]
) -> Iterator[int]:
    """Random turns until `out` holds `sets` sets; a DataError after `ATTEMPTS` tries a set."""
    for _ in range(ATTEMPTS * sets):
        if len(out) >= sets:
            return
        yield int(generator.integers(2, min(s.duration_s for s in pool) - 1))
    if len(out) < sets:
        raise DataError(
            f"held-out {task}: only {len(out)} of {sets} sets in {len(pool)} scenes; enlarge the pool"
        )
