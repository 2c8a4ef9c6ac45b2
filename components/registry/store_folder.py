"""The store in a plain folder: also one on a shared file system, if it has hard links."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from components.core.errors import DataError, InternalError
from components.core.hashing import sha256_file
from components.registry.store_manifest import object_key
from components.registry.store_progress import ByteProgress

BLOCK = 2**20
INCOMING = ".incoming-"  # scratch folders of publishers; a killed one leaves its own behind
STALE_S = 24 * 3600


class FolderBackend:
    """Files below `root`; a file gets its name by a hard link, which fails if the name is taken."""

    def __init__(self, root: Path):
        self.root, self.url = root, str(root)

    def keys(self, prefix: str) -> list[str]:
        """POSIX paths of the files in the folder `prefix` (it ends with a slash)."""
        folder = self.root / prefix
        return sorted(f"{prefix}{path.name}" for path in folder.glob("*") if path.is_file())

    def read(self, key: str) -> bytes | None:
        """The bytes of a file, None if it is not there."""
        try:
            return (self.root / key).read_bytes()
        except FileNotFoundError:
            return None

    def stream(self, key: str) -> Iterator[bytes]:
        """A file in blocks."""
        with (self.root / key).open("rb") as handle:
            while block := handle.read(BLOCK):
                yield block

    def create(self, key: str, data: bytes) -> bool:
        """Write beside the layout, then link: two publishers cannot both create the name."""
        with self.incoming() as scratch:
            written = scratch / "manifest"
            with written.open("wb") as handle:
                handle.write(data)
            return self.link(written, key)

    def put_objects(self, objects: Mapping[str, Path], progress: ByteProgress) -> None:
        """Copy files under their SHA-256; one that is there already must have the bytes its name says."""
        with self.incoming() as scratch:
            for sha256, source in sorted(objects.items()):
                self.put(sha256, source, scratch)
                progress.add(source.stat().st_size)

    def put(self, sha256: str, source: Path, scratch: Path) -> None:
        """Copy one file; DataError if what is or ends up there is not `sha256`."""
        key = object_key(sha256)
        if not (self.root / key).exists():
            copy = scratch / sha256
            shutil.copyfile(source, copy)
            # Hashed after the copy: the source may have changed under us.
            if (found := sha256_file(copy)) != sha256:
                raise DataError(
                    f"{source}: changed while it was published ({found}, not {sha256}); try again"
                )
            created = self.link(copy, key)
            copy.unlink()
            if created:
                return
        if (found := sha256_file(self.root / key)) != sha256:
            raise DataError(
                f"{self.root / key}: should have SHA-256 {sha256}, found {found}: the store is damaged; "
                "delete this file and publish again, and `streamo audit` every version"
            )

    def link(self, written: Path, key: str) -> bool:
        """Give a finished file its name, on disk before anybody sees it; False if the name is taken."""
        target = self.root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        sync(written)
        try:
            os.link(written, target)
        except FileExistsError:
            return False
        except PermissionError as error:
            raise InternalError(
                f"{target}: cannot be created ({error}): the folder must be writable and its file system "
                "must have hard links; else use another folder or s3://bucket/prefix"
            ) from None
        sync(target.parent)
        return True

    @contextlib.contextmanager
    def incoming(self) -> Iterator[Path]:
        """A scratch folder on the store's file system; those of publishers killed a day ago are removed."""
        self.root.mkdir(parents=True, exist_ok=True)
        for left in self.root.glob(f"{INCOMING}*"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > STALE_S:
                    shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=self.root, prefix=INCOMING) as scratch:
            yield Path(scratch)


def sync(path: Path) -> None:
    """Flush a file or a folder's names to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
