"""The only reader of params.yaml.

Inside a DVC stage (DVC sets `DVC_STAGE`) a key that the stage has not declared in dvc.yaml is refused: an
undeclared key would change the result without changing the stage's hash (promise P7).
"""

import fnmatch
import os
import re
from pathlib import Path
from typing import Any

import yaml

from components.core.errors import InternalError, UsageError

ITEM = re.compile(r"\$\{item(\.[a-z_]+)?\}")


def load_all(root: Path = Path()) -> dict[str, Any]:
    """The whole of params.yaml, without the declared-key check: for tools, never for a stage."""
    path = root / "params.yaml"
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"{path.absolute()}: no params.yaml here; run from the root of the checkout"
        ) from None
    if not isinstance(values, dict):
        raise UsageError(f"{path}: expected a mapping of sections")
    return values


def declared_keys(stage: str, root: Path = Path()) -> list[str]:
    """The dotted keys a stage declares in dvc.yaml; `${item.x}` in a key becomes a `*`."""
    stages = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    name = stage.partition("@")[0]
    if name not in stages:
        raise InternalError(f"stage {stage!r} is not in dvc.yaml")
    return [ITEM.sub("*", key) for key in stages[name].get("params", []) if isinstance(key, str)]


def allowed(key: str, declared: list[str]) -> bool:
    """Whether `key` is declared, or lies under a declared section."""
    parts = key.split(".")
    prefixes = [".".join(parts[: n + 1]) for n in range(len(parts))]
    return any(fnmatch.fnmatchcase(prefix, pattern) for prefix in prefixes for pattern in declared)


def get(key: str, root: Path = Path()) -> Any:
    """The value of a dotted key, e.g. `get("train.lr")`.

    Raises:
        UsageError: the key is not in params.yaml.
        InternalError: called inside a DVC stage that has not declared the key.

    """
    stage = os.environ.get("DVC_STAGE")
    if stage and not allowed(key, declared_keys(stage, root)):
        raise InternalError(f"stage {stage!r} reads params key {key!r} without declaring it in dvc.yaml")
    value: Any = load_all(root)
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            raise UsageError(f"params.yaml has no key {key!r} (looked for {part!r})")
        value = value[part]
    return value


def declared_values(stage: str, root: Path = Path()) -> dict[str, Any]:
    """Values of every key a stage declares (patterns with `*` expanded), for its receipt."""
    flat = flatten(load_all(root))
    declared = declared_keys(stage, root)
    return {key: value for key, value in sorted(flat.items()) if allowed(key, declared)}


def flatten(value: Any, prefix: str = "") -> dict[str, Any]:
    """`{dotted key: value}` of nested mappings; an empty one is a value."""
    if not isinstance(value, dict) or not value:
        return {prefix: value}
    out: dict[str, Any] = {}
    for key, inner in value.items():
        out.update(flatten(inner, f"{prefix}.{key}" if prefix else str(key)))
    return out
