"""A share in a folder that several machines mount: files whole by rename or hard link."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from components.core.errors import StoreError
from components.core.files import in_blocks, write_blocks, written_beside
from components.core.share import MOST, MOST_FILE, bounded, checked


class FolderShare:
    """Files below `root`, which must be there: a mount that is missing is an error, not an empty share."""

    def __init__(self, root: Path):
        self.root, self.url = Path(root), str(root)

    def get(self, name: str, *, most: int = MOST) -> bytes | None:
        """See `Share.get`."""
        path = self._path(name)
        with self._explained(f"read {name}"):
            if not self._there(path):
                return None
            return b"".join(bounded(in_blocks(path), most, str(path)))

    def get_file(self, name: str, path: Path, *, most: int = MOST_FILE) -> bool:
        """See `Share.get_file`."""
        source = self._path(name)
        with self._explained(f"copy {name} to {path}"):
            if not self._there(source):
                return False
            write_blocks(path, bounded(in_blocks(source), most, str(source)))
        return True

    def create(self, name: str, data: bytes | Path) -> bool:
        """See `Share.create`; two machines cannot both win a name."""
        target = self._path(name)
        with self._explained(f"write {name}"):
            if self._there(target):
                return False
            self._make_folders(target)
            with written_beside(target, in_blocks(data)) as whole:
                try:
                    os.link(whole, target)
                except FileExistsError:
                    return False
        return True

    def put(self, name: str, data: bytes | Path) -> None:
        """See `Share.put`."""
        target = self._path(name)
        with self._explained(f"write {name}"):
            self._there(target)
            self._make_folders(target)
            write_blocks(target, in_blocks(data))

    def _path(self, name: str) -> Path:
        return self.root / checked(name)

    def _there(self, path: Path) -> bool:
        """Whether a file is there; StoreError if something else is, or if not even the share is."""
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # a pipe would never end
                raise StoreError(f"{path}: is no file, so nobody's answer or frames; remove it")
        except FileNotFoundError:
            if self.root.is_dir():
                return False
            raise StoreError(
                f"{self.url}: no such folder: mount or create what `shared` of params.yaml or STREAMO_SHARE "
                "names (best a folder below the mount point: a missing mount is seen then)"
            ) from None
        return True

    def _make_folders(self, target: Path) -> None:
        """The folders between the root and a file; never the root, which may have gone meanwhile."""
        for folder in reversed(target.relative_to(self.root).parents[:-1]):
            (self.root / folder).mkdir(exist_ok=True)

    @contextlib.contextmanager
    def _explained(self, action: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"{self.url}: cannot {action} ({error}); the share must be mounted, writable, not full and "
                "have hard links. Then run it again: what is here already is kept"
            ) from None
