"""Section `retrain` of params.yaml: no stage declares it, so changing it re-runs nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import UsageError
from components.core.params import load_all

REASONS = ("forced", "scheduled", "drifted")
IMPORT = "import"


@dataclass(frozen=True)
class Settings:
    """The values, checked.

    Attributes:
        branch: git branch that promoted commits go to.
        source: where new data is: a folder, `s3://bucket/prefix`, `import` or None.
        sessions: session logs of the live service that drift is also looked for in.
        min_new_videos: a scheduled run retrains from so many new videos on.
        max_age_days: or with any new video where the champion is older than this, in days.
        wait_s: how long a second run waits for the first, in seconds.
        push: git remotes that the branch and the version tags are pushed to.

    """

    branch: str
    source: str | None
    sessions: tuple[str, ...]
    min_new_videos: int
    max_age_days: float
    wait_s: float
    push: tuple[str, ...]


def read_settings(root: Path) -> Settings:
    """The settings of the checkout at `root`.

    Raises:
        UsageError: the section is missing, or a value is not of its kind.

    """
    section = load_all(root).get("retrain")
    if not isinstance(section, dict):
        raise UsageError(f"{root / 'params.yaml'}: no section `retrain` (branch, source, sessions, ...)")
    return Settings(
        branch=_text(section, "branch"),
        source=None if section.get("source") is None else _text(section, "source"),
        sessions=_texts(section, "sessions"),
        min_new_videos=int(_number(section, "min_new_videos")),
        max_age_days=_number(section, "max_age_days"),
        wait_s=_number(section, "wait_s"),
        push=_texts(section, "push"),
    )


def _text(section: dict[str, Any], key: str) -> str:
    value = section.get(key)
    if not isinstance(value, str) or not value:
        raise UsageError(f"params.yaml: retrain.{key} is {value!r}, expected a text")
    return value


def _texts(section: dict[str, Any], key: str) -> tuple[str, ...]:
    value = section.get(key)
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise UsageError(f"params.yaml: retrain.{key} is {value!r}, expected a list of texts")
    return tuple(value)


def _number(section: dict[str, Any], key: str) -> float:
    value = section.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise UsageError(f"params.yaml: retrain.{key} is {value!r}, expected a number >= 0")
    return float(value)
