"""What dvc.yaml says of one stage: its dependencies with `${item.*}` filled in."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from components.core.errors import InternalError


def stage_deps(stage: str, item: Mapping[str, object], root: Path = Path()) -> list[str]:
    """The dependency paths of `stage` (the part before `@`), in the order of dvc.yaml."""
    stages = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    if stage not in stages:
        raise InternalError(f"stage {stage!r} is not in dvc.yaml; known: {', '.join(sorted(stages))}")
    return [fill(dep, item) for dep in stages[stage].get("deps", [])]


def fill(text: str, item: Mapping[str, object]) -> str:
    """Replace `${item.key}` by the item's values; an unknown key is an error."""
    for key, value in item.items():
        text = text.replace("${item." + key + "}", str(value))
    if "${" in text:
        raise InternalError(f"{text!r}: the stage entry was not given every item key it uses")
    return text
