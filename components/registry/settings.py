"""Section `registry` of params.yaml: what no stage declares, because it keeps versions and makes none."""

import os
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import UsageError
from components.core.params import load_all
from components.core.share import place_of

STORE_VARIABLE = "STREAMO_REGISTRY"


@dataclass(frozen=True)
class Settings:
    """The values, checked.

    Attributes:
        name: the artifact of dvc.yaml and of the git tags.
        store: an absolute folder or `s3://bucket/prefix`.
        margin: percentage points by which a group of tasks may lie below the champion.
        require_floors: whether the gate also asks for scores above every blind policy and control.

    """

    name: str
    store: str
    margin: float
    require_floors: bool


def read_settings(root: Path = Path()) -> Settings:
    """The settings of the checkout at `root`; the environment variable STREAMO_REGISTRY wins over the store.

    Raises:
        UsageError: params.yaml has no such section, or a value is not of its kind.

    """
    section = load_all(root).get("registry")
    if not isinstance(section, dict):
        raise UsageError(
            f"{root / 'params.yaml'}: no section `registry` (name, store, margin, require_floors)"
        )
    name, margin, floors = (section.get(key) for key in ("name", "margin", "require_floors"))
    if not isinstance(name, str) or not name:
        raise UsageError(
            f"params.yaml: registry.name is {name!r}, expected the name of an artifact of dvc.yaml"
        )
    if isinstance(margin, bool) or not isinstance(margin, int | float) or margin <= 0:
        raise UsageError(f"params.yaml: registry.margin is {margin!r}, expected percentage points above 0")
    if not isinstance(floors, bool):
        raise UsageError(f"params.yaml: registry.require_floors is {floors!r}, expected true or false")
    store = os.environ.get(STORE_VARIABLE) or section.get("store")
    return Settings(name, place_of(store, root, "registry.store"), float(margin), floors)
