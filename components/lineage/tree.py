"""MD5 of files and folders as DVC takes it, from the bytes: never from its state database or an mtime."""

import hashlib
import json
from pathlib import Path
from typing import Any

from components.core.errors import DataError

DIR_SUFFIX = ".dir"
Listing = dict[str, str]  # POSIX path below the folder -> md5 of the file


class Ignore:
    """The rules of .dvcignore, as DVC applies them when it walks a folder."""

    def __init__(self, root: Path):
        from dvc.repo import Repo

        self.root = root.absolute()
        with Repo(str(root)) as repo:
            self._filter: Any = repo.dvcignore
            self._fs: Any = repo.fs

    def files(self, folder: Path) -> list[Path]:
        """Every file below a folder that DVC would hash, sorted."""
        return sorted(Path(path) for path in self._filter.find(self._fs, str(self.root / folder)))


def md5_file(path: Path) -> str:
    """Hex MD5 of a file's bytes, read in blocks (MD5 because DVC names its objects by it)."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, _md5).hexdigest()


def _md5() -> Any:
    return hashlib.md5(usedforsecurity=False)


def listing(path: Path, ignore: Ignore) -> Listing:
    """MD5 of every file below the folder `path` (relative to the root of `ignore`)."""
    top = ignore.root / path
    return {file.relative_to(top).as_posix(): md5_file(file) for file in ignore.files(path)}


def dir_bytes(files: Listing) -> bytes:
    """The folder object that DVC stores for a listing."""
    entries = [{"md5": files[path], "relpath": path} for path in sorted(files)]
    return json.dumps(entries, sort_keys=True).encode("utf-8")


def dir_md5(files: Listing) -> str:
    """DVC's name of a folder: MD5 of its listing, with the suffix `.dir`."""
    return hashlib.md5(dir_bytes(files), usedforsecurity=False).hexdigest() + DIR_SUFFIX


def parse_dir(data: bytes, name: str) -> Listing:
    """A folder object back into a listing; DataError names a broken one."""
    try:
        return {str(entry["relpath"]): str(entry["md5"]) for entry in json.loads(data)}
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{name}: not a DVC folder listing ({error})") from None


def path_md5(path: Path, ignore: Ignore) -> str:
    """DVC's hash of a file or folder, relative to the root of `ignore`; DataError if it is missing."""
    full = ignore.root / path
    if full.is_dir():
        return dir_md5(listing(path, ignore))
    if not full.is_file():
        raise DataError(f"{path}: missing")
    return md5_file(full)
