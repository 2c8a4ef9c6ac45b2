"""Sections of params.yaml, or of a YAML file, that describe an endpoint and its budget."""

from pathlib import Path
from typing import Any

import yaml

from components.core.errors import UsageError
from components.core.params import load_all
from components.core.share import shared
from components.teacher.budget import Budget
from components.teacher.cache import AnswerCache
from components.teacher.client import Client
from components.teacher.endpoint import from_mapping

SECTION = "endpoints"
LIMITS = ("calls", "tokens", "usd")


def make_client(name: str, cache: Path, *, root: Path = Path(), seed: int = 0) -> Client:
    """A client for endpoint `name`: a key of `endpoints` in params.yaml, or a YAML file of such keys.

    Its answers are kept in the folder `cache`, and in the share of the checkout at `root`.

    Raises:
        UsageError: no such section or file, a missing or unknown key, a value not of its kind.

    """
    values, where = _section(name, root)
    budget = values.pop("budget", None)
    if not isinstance(budget, dict) or sorted(budget) != sorted(LIMITS):
        raise UsageError(f"{where}: budget needs the keys calls, tokens and usd (null for no limit)")
    return Client(from_mapping(values, where), AnswerCache(cache, shared(root)), Budget(**budget), seed=seed)


def _section(name: str, root: Path) -> tuple[dict[str, Any], str]:
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        try:
            found, where = yaml.safe_load(path.read_text(encoding="utf-8")), name
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UsageError(f"{name}: cannot be read ({error})") from None
    else:
        section = load_all(root).get(SECTION)
        section = section if isinstance(section, dict) else {}
        if name not in section:
            known = ", ".join(sorted(section)) or "none"
            raise UsageError(f"params.yaml {SECTION}: no endpoint {name!r}; it has {known}")
        found, where = section[name], f"params.yaml {SECTION}.{name}"
    if not isinstance(found, dict):
        raise UsageError(f"{where}: expected the keys of an endpoint, found {found!r:.60}")
    return dict(found), where
