"""Matched sets of multiple-choice points: the same turn, the same options, each option right in one clip.

Within a set nothing but the frames tells the members apart, so a policy that sees only the clock, the
question and the options is right once in a set.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from components.core.errors import DataError
from components.world.queries import (
    ACTION,
    ACTOR_COLOUR,
    BEFORE_AMBER,
    FIRST,
    LAMP_COLOUR,
    LETTER,
    NEXT_COLOUR,
    OBJECT,
    PLACE,
    Ask,
    asks_at,
)
from components.world.scene import Scene
from components.world.words import NONE, UNABLE

ATTEMPTS = 400  # turns tried for one set before the pool is declared too small
FIRST_TURN = 5  # enough has happened from here on

Wanted = Callable[[Ask], bool]


@dataclass(frozen=True)
class Form:
    """One kind of set: its size and which asks qualify (besides their topic, already checked by `wanted`)."""

    size: int
    wanted: Wanted


@dataclass(frozen=True)
class Member:
    """One point of a set: this clip, asked at `turn`."""

    scene: Scene
    turn: int
    ask: Ask


@dataclass
class Draw:
    """What the search carries along: random numbers, clips already used for the task, answers used so far."""

    generator: np.random.Generator
    used: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)


def _says(question: str) -> Wanted:
    return lambda ask: ask.question == question and ask.answer not in (UNABLE, NONE)


def _refusable(topics: tuple[str, ...], question: str) -> Wanted:
    return lambda ask: ask.topic in topics and ask.question.startswith(question)


FORMS: Mapping[str, tuple[Form, ...]] = {
    "OCR": (Form(4, _says(LETTER)),),
    "ACR": (Form(2, _says(ACTION)),),
    "ATR": (Form(4, _says(ACTOR_COLOUR)), Form(3, _says(LAMP_COLOUR))),
    "STU": (Form(3, _says(PLACE)),),
    "FPD": (Form(3, _says(NEXT_COLOUR)),),
    "OJR": (Form(4, _says(OBJECT)),),
    "EPM": (Form(4, _says(FIRST)), Form(2, _says(BEFORE_AMBER))),
    "ASI": (Form(4, lambda ask: ask.topic == "ASI"),),
    "HLD": (
        Form(2, _refusable(("BLANK", "OCR"), LETTER)),
        Form(2, _refusable(("HLD", "EPM"), FIRST)),
        Form(2, _refusable(("HLD", "ASI"), "which object dropped after")),
    ),
}


def choice_sets(
    task: str, pool: Sequence[Scene], points: int, generator: np.random.Generator
) -> list[list[Member]]:
    """Whole matched sets with `points` points together at most (one set at least), no clip twice.

    Raises:
        DataError: the pool holds no further set after `ATTEMPTS` turns.

    """
    forms, draw = FORMS[task], Draw(generator)
    sets: list[list[Member]] = []
    while not sets or sum(map(len, sets)) + forms[len(sets) % len(forms)].size <= points:
        sets.append(_one_set(task, forms[len(sets) % len(forms)], pool, draw))
    return sets


def _one_set(task: str, form: Form, pool: Sequence[Scene], draw: Draw) -> list[Member]:
    for _ in range(ATTEMPTS):
        turn = int(draw.generator.integers(FIRST_TURN, min(s.duration_s for s in pool) - 1))
        by_answer: dict[str, Member] = {}
        for scene in pool:
            if scene.video_id not in draw.used:
                for ask in asks_at(scene, turn):
                    if form.wanted(ask):
                        by_answer.setdefault(ask.answer, Member(scene, turn, ask))
        members = _choose(task, form.size, by_answer, draw)
        if members:
            draw.used |= {member.scene.video_id for member in members}
            draw.answers.update(member.ask.answer for member in members)
            return members
    raise DataError(f"held-out {task}: no further set of {form.size} in {len(pool)} scenes; enlarge the pool")


def _choose(task: str, size: int, by_answer: dict[str, Member], draw: Draw) -> list[Member]:
    """Members with different answers and clips, rarely used answers first; empty if there are too few."""
    if task == "HLD" and UNABLE not in by_answer:
        return []
    names = [sorted(by_answer)[int(index)] for index in draw.generator.permutation(len(by_answer))]
    names.sort(key=lambda name: (task == "HLD" and name != UNABLE, draw.answers[name]))
    members: list[Member] = []
    for name in names:
        member = by_answer[name]
        if len(members) < size and all(_compatible(member, other) for other in members):
            members.append(member)
    return members if len(members) == size else []


def _compatible(a: Member, b: Member) -> bool:
    """Different clips, and neither question names the other's answer (it could not be an option there)."""
    apart = a.ask.answer not in b.ask.question and b.ask.answer not in a.ask.question
    return a.scene.video_id != b.scene.video_id and (apart or len(a.ask.answer) == 1)
