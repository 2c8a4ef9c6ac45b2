"""Where new data comes from: a folder or an S3 prefix, with the layout of `data/`."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from components.core.hashing import sha256_file
from flows.retraining.context import RejectedError

S3 = "s3://"
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
LINK, SPECIAL, BAD_NAME, PLACE = "symlink", "not_a_file", "bad_name", "not_in_layout"
JSON_FILES = ("labels.json", "sources.json", "benchmark/ovo.json")


@dataclass(frozen=True)
class Entry:
    """One file of a source: its POSIX path below the source, or why it is not taken."""

    name: str
    reason: str | None = None
    detail: str = ""


class Source(Protocol):
    """What staging needs of a source."""

    def entries(self) -> Iterator[Entry]:
        """Every file, sorted by name; links and odd names bear a reason."""

    def equals(self, name: str, other: Path) -> bool | None:
        """Whether the file has the bytes of `other`; None: only a copy can tell."""

    def copy(self, name: str, to: Path) -> None:
        """Write the file to `to`, whose folder exists."""


class Folder:
    """A folder of this machine; no link in it is followed."""

    def __init__(self, path: Path):
        self.path = path
        if not path.is_dir():
            raise RejectedError(f"{path}: no such folder; retraining takes new data from there (`--source`)")

    def entries(self) -> Iterator[Entry]:
        """Every file, sorted by name."""
        found = []
        for folder, folders, names in os.walk(self.path):
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            found += [self._entry(Path(folder) / name) for name in [*names, *links]]
        yield from sorted(found, key=lambda entry: entry.name)

    def _entry(self, path: Path) -> Entry:
        name = path.relative_to(self.path).as_posix()
        if path.is_symlink():
            return Entry(
                shown(name), LINK, f"points to {shown(str(path.readlink()))}; put the file itself there"
            )
        if not path.is_file():
            return Entry(shown(name), SPECIAL, "expected a plain file")
        return judged(name)

    def equals(self, name: str, other: Path) -> bool:
        """By size, then by SHA-256."""
        path = self.path / name
        return path.stat().st_size == other.stat().st_size and sha256_file(path) == sha256_file(other)

    def copy(self, name: str, to: Path) -> None:
        """A plain copy; a link put in the file's place meanwhile is not followed."""
        with (
            os.fdopen(os.open(self.path / name, os.O_RDONLY | os.O_NOFOLLOW), "rb") as stream,
            to.open("wb") as out,
        ):
            shutil.copyfileobj(stream, out)


def open_source(source: str) -> Source:
    """The source a parameter names.

    Raises:
        RejectedError: it does not exist or cannot be listed.

    """
    if source.startswith(S3):
        from flows.retraining.s3 import Bucket

        return Bucket.open(source)
    return Folder(Path(source).expanduser())


def judged(name: str) -> Entry:
    """The entry of a plain file: refused where its name is unsafe or has no place in `data/`."""
    parts = PurePosixPath(name).parts
    odd = name.startswith("/") or ".." in parts or "/".join(parts) != name
    if odd or CONTROL.search(name) or shown(name) != name:
        return Entry(
            shown(name), BAD_NAME, "expected a relative path in UTF-8 without `..` or control characters"
        )
    scene = parts[0] == "scenes" and name.endswith(".json")
    if (len(parts) > 1 and (parts[0] == "media" or scene)) or name in JSON_FILES:
        return Entry(name)
    return Entry(name, PLACE, f"expected media/**, scenes/**.json, {', '.join(JSON_FILES)}")


def shown(name: str) -> str:
    """A name as text that UTF-8 can hold."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
