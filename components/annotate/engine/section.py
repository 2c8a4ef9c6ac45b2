"""The section `annotate.openai` of params.yaml: who is asked, how many frames, which agreement is enough."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.annotate.engine.asker import Asker
from components.core.errors import UsageError
from components.core.git import main_tree
from components.teacher.client import Client
from components.teacher.settings import make_client

WHERE = "params.yaml annotate.openai"
ANSWERS = Path("runs/answers")
NAMED = ("endpoint", "model", "revision")


@dataclass(frozen=True)
class Settings:
    """What shapes the questions.

    Attributes:
        agreement: the lowest IoU at which two spans of a caption agree, above 0 and at most 1.
        frames: most frames of a question, 3 at least: fewer could not close in on a second.
        side: longest side of a frame in pixels.
        quiet: phrases looked for in a clip without events, to be asked for in vain; 0: it is dropped.

    """

    agreement: float
    frames: int
    side: int
    quiet: int = 0

    def __post_init__(self) -> None:
        if not _number(self.agreement) or not 0 < self.agreement <= 1:
            raise UsageError(f"{WHERE}.agreement: {self.agreement!r}, expected a number above 0, at most 1")
        for name, least in (("frames", 3), ("side", 28), ("quiet", 0)):
            value = getattr(self, name)
            if not _number(value) or value != int(value) or value < least:
                raise UsageError(f"{WHERE}.{name}: {value!r}, expected a whole number from {least} on")


def read_settings(section: Mapping[str, Any]) -> Settings:
    """The settings in the section.

    Raises:
        UsageError: a key is missing or unknown, or a value is out of range.

    """
    expected = {"agreement", "frames", "side", "quiet", "vision", "text"}
    if not isinstance(section, Mapping) or set(section) != expected:
        raise UsageError(f"{WHERE}: expected the keys {', '.join(sorted(expected))}, found {section!r:.120}")
    return Settings(section["agreement"], section["frames"], section["side"], section["quiet"])


def make_asker(section: Mapping[str, Any], *, root: Path = Path(), seed: int = 0) -> Asker:
    """The clients that the section names; one client, with one budget, where both names are the same.

    Answers are kept in the main working tree's runs/answers, outside of every product: no run pays for what
    another one, or one in a linked worktree, has paid for.

    Raises:
        UsageError: no such endpoint, or its model or revision is not the one the labels will name.

    """
    answers = main_tree(root) / ANSWERS
    clients: dict[str, Client] = {}
    for role in ("vision", "text"):
        named = section[role]
        if not isinstance(named, Mapping) or set(named) != set(NAMED):
            raise UsageError(f"{WHERE}.{role}: expected the keys {', '.join(NAMED)}, found {named!r:.120}")
        name = str(named["endpoint"])
        if name not in clients:
            clients[name] = make_client(name, answers, root=root, seed=seed)
        endpoint = clients[name].endpoint
        if (endpoint.model, endpoint.revision) != (named["model"], named["revision"]):
            raise UsageError(
                f"{WHERE}.{role} names {named['model']!r} ({named['revision']!r}), endpoint {name!r} is "
                f"{endpoint.model!r} ({endpoint.revision!r}): "
                "they must be the same, since labels depend on it"
            )
    return Asker(clients[str(section["vision"]["endpoint"])], clients[str(section["text"]["endpoint"])])


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
