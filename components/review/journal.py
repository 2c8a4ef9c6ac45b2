"""The file of verdicts: every line is on disk before the page says so, and two writers lose nothing."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from components.annotate.reviews import Review, read
from components.core.files import dumps, write_bytes


class Journal:
    """Appends to one reviews.jsonl.

    The file is replaced as a whole by rename: a kill at any moment leaves the old lines or the old lines and
    the new one. Writers wait for each other by a lock on the folder; no lock file lies in a folder that DVC
    hashes.
    """

    def __init__(self, path: Path):
        self.path = path
        with self._folder():
            for left in self.path.parent.glob(f".{self.path.name}.*"):  # of a writer killed before its rename
                left.unlink()
            self.read()  # a bad line is said now, not at the first verdict

    def read(self) -> list[Review]:
        """Every review so far; DataError names a bad line."""
        return read(self.path) if self.path.exists() else []

    def append(self, review: Review) -> None:
        """Add one line; it is on disk when this returns."""
        with self._folder() as folder:
            old = self.path.read_bytes() if self.path.exists() else b""
            gap = b"" if old.endswith(b"\n") or not old else b"\n"
            write_bytes(self.path, old + gap + dumps(review.line(), indent=None).encode("utf-8"))
            os.fsync(folder)  # the rename itself

    @contextlib.contextmanager
    def _folder(self) -> Iterator[int]:
        """The folder of the file, held alone."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(folder)
