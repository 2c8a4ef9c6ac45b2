"""Chooses the teacher that params.yaml names (`annotate.teacher`)."""

from collections.abc import Callable, Mapping

from components.core.errors import UsageError
from components.teacher.base import Teacher

WORLD, LABELS, OPENAI = "world", "labels", "openai"
CHOICES = (WORLD, LABELS, OPENAI)
KEY = "annotate.teacher"


def check_choice(name: str) -> str:
    """`name` if it is a teacher; UsageError names the known ones."""
    if name not in CHOICES:
        known = ", ".join(CHOICES)
        raise UsageError(f"params.yaml {KEY}: {name!r} is not known; expected one of {known}")
    return name


def make_teacher(name: str, factories: Mapping[str, Callable[[], Teacher]]) -> Teacher:
    """The teacher `name`, built by its factory; the rooms that hold teachers bring the factories.

    Raises:
        UsageError: see `check_choice`; or no factory answers requests under this name.

    """
    if check_choice(name) not in factories:
        known = ", ".join(sorted(factories))
        raise UsageError(f"params.yaml {KEY}: {name} answers no requests here; expected one of {known}")
    return factories[name]()
