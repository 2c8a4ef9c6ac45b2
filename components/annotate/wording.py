"""Instruction templates and prompts of the engine: text files, read, diffed and hashed as text."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from components.core.errors import InternalError

HERE = Path(__file__).parent
TEMPLATES = 5  # per task, as in the paper
MAIN_SHARE = 0.5  # of the samples bear the first wording; a held-out benchmark asks with it


@lru_cache(maxsize=32)
def templates(name: str) -> tuple[str, ...]:
    """The five wordings of `instructions/<name>.txt`; `{query}` marks where the query goes."""
    path = HERE / "instructions" / f"{name}.txt"
    lines = tuple(line for line in path.read_text(encoding="utf-8").splitlines() if line)
    if len(lines) != TEMPLATES:
        raise InternalError(f"{path}: {len(lines)} wordings, expected {TEMPLATES}")
    return lines


def instruct(name: str, generator: np.random.Generator, query: str = "") -> str:
    """A wording of `name` with `query` filled in: the first one with `MAIN_SHARE`, else any of the others."""
    main = generator.random() < MAIN_SHARE
    index = 0 if main else int(generator.integers(1, TEMPLATES))
    return templates(name)[index].replace("{query}", query)


@lru_cache(maxsize=32)
def prompt(name: str) -> str:
    """`prompts/<name>.txt`: what a step of the engine tells its model, or the rules of all steps."""
    return (HERE / "prompts" / f"{name}.txt").read_text(encoding="utf-8")
