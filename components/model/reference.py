"""The published model of a family as params name it: `base.references: {family: {repository, revision}}`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError, UsageError
from components.model.store import COMMIT, is_hub_id


@dataclass(frozen=True)
class Reference:
    """A local folder without a revision, or a hub id with the 40-digit commit that it is pinned to."""

    repository: str
    revision: str | None


def find_reference(references: object, family: str, root: Path = Path()) -> Reference:
    """The entry of `family` in params `base.references`.

    Args:
        references: `{family: {repository, revision}}`; null in place of an entry is none.
        family: one of params `families`.
        root: what a relative folder is relative to.

    Raises:
        UsageError: no entry for the family, other keys in it, a hub id without a pinned revision, or a folder
            with one.

    """
    where = f"params base.references.{family}"
    given: Mapping[str, Any] = references if isinstance(references, Mapping) else {}
    entry = given.get(family)
    if entry is None:
        named = ", ".join(sorted(name for name, value in given.items() if value is not None)) or "none"
        raise UsageError(
            f"{where}: no entry (there are: {named}); base.kind reference needs {{repository, revision}} of "
            "every family in params families"
        )
    if not isinstance(entry, Mapping) or set(entry) != {"repository", "revision"} or not entry["repository"]:
        raise UsageError(f"{where}: {entry!r}, expected {{repository: hub id or folder, revision: commit}}")
    repository, revision = str(entry["repository"]), entry["revision"]
    if (root / repository).is_dir() or not is_hub_id(repository):
        if revision is not None:
            raise UsageError(f"{where}: {repository} is a folder, which has no revision: expected null")
        return Reference(repository, None)
    if not COMMIT.fullmatch(str(revision)):
        raise UsageError(
            f"{where}: {repository} is a hub id, pin the revision to a 40-digit commit, got {revision!r}"
        )
    return Reference(repository, str(revision))


def require_family(config: Mapping[str, Any], family: str, source: str) -> None:
    """DataError unless `config` (of `source`) is a model of `family`."""
    kind = config.get("model_type")
    if kind != family:
        raise DataError(
            f"params base.references.{family}: {source}: model_type {kind!r}, expected {family!r}; name a "
            "repository of that family"
        )
