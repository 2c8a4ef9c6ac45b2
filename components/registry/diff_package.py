"""One side of a diff: files of a version's package, read from the store and verified."""

import json
from collections.abc import Mapping
from typing import Any

from components.core.errors import DataError
from components.registry.store import Store


class Package:
    """A version in a store.

    Attributes:
        version: its name.
        missing: `<version>: <path>` of every file that was asked for and is not part of it.

    """

    def __init__(self, store: Store, version: str):
        self.store, self.version = store, version
        self.manifest = store.manifest(version)
        self.missing: list[str] = []

    def facts(self) -> dict[str, Any]:
        """The manifest without its list of files."""
        return {key: value for key, value in self.manifest.items() if key not in ("files", "schema")}

    def paths(self) -> list[str]:
        """Every file of the package, sorted."""
        return sorted(self.manifest["files"])

    def read(self, path: str) -> bytes | None:
        """The verified bytes of a file; None, and noted in `missing`, if the package has none."""
        if path not in self.manifest["files"]:
            note = f"{self.version}: {path}"
            self.missing += [] if note in self.missing else [note]
            return None
        return self.store.get(self.version, path)

    def json(self, path: str) -> Any:
        """The value of a JSON file, None if the package has none."""
        data = self.read(path)
        if data is None:
            return None
        try:
            return json.loads(data)
        except ValueError as error:
            raise DataError(f"{self.version}: {path}: not valid JSON ({error})") from None


def changed_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Keys whose values differ or that only one side has, sorted."""
    absent = object()
    return sorted(key for key in old.keys() | new.keys() if old.get(key, absent) != new.get(key, absent))
