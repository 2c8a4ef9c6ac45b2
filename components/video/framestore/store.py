"""The folder of frame files that all tasks, shards, worktrees and runs of a machine share."""

import contextlib
import math
import os
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from components.core.errors import InternalError
from components.core.share import Share
from components.video.framestore.fidelity import Key
from components.video.framestore.file import FrameFile, NotTheseFramesError

SUFFIX, REFUSED, SHARED = ".arrow", ".refused", "frames"
HELD, DECODED, FETCHED, REFUSALS, AGAIN = "held", "decoded", "fetched", "refused", "decoded_again"


class FrameStore:
    """Frame files by name; many processes may share the folder.

    Args:
        folder: made where it is missing.
        share: a place that other machines fetch from and publish to, or None.
        keep_bytes: what `keep.settle` leaves at most.

    Attributes:
        written: bytes published since the folder was last pruned.
        counts: videos `held`, `decoded`, `fetched`, `failed_<reason>`; `refused` files that did not verify;
            `decoded_again` after a child was killed.

    """

    def __init__(self, folder: Path, share: Share | None = None, *, keep_bytes: float = math.inf):
        self.folder, self.share, self.keep_bytes = Path(folder), share, keep_bytes
        self.written = 0
        self.counts: Counter[str] = Counter()
        self._counting = threading.Lock()

    def count(self, what: str) -> None:
        """One more in `counts`, from any thread."""
        with self._counting:
            self.counts[what] += 1

    def path(self, name: str) -> Path:
        """Where the frames of this name lie."""
        return self.folder / name[:2] / f"{name}{SUFFIX}"

    def open(self, key: Key) -> FrameFile | None:
        """The frames of `key`, which count as used now; None where there are none that verify."""
        path = self.path(key.name)
        try:
            found = FrameFile(path, key)
            with contextlib.suppress(FileNotFoundError):  # pruned just now; it stays readable here
                os.utime(path)
        except FileNotFoundError:
            return None
        except NotTheseFramesError as error:
            self.refuse(path, str(error))
            return None
        return found

    def opened(self, key: Key) -> FrameFile:
        """The frames of `key`, which were made just now; InternalError if they do not verify."""
        found = self.open(key)
        if found is None:
            raise InternalError(f"{self.path(key.name)}: gone or changed since it was made; run again")
        return found

    def refuse(self, path: Path, why: str) -> None:
        """Set a file aside that does not verify: named on stderr, counted, never read again."""
        self.count(REFUSALS)
        aside = path.with_suffix(REFUSED)
        said = f"{path}: refused and made again: {why}; set aside as {aside.name}"
        print(said, file=sys.stderr, flush=True)
        with contextlib.suppress(FileNotFoundError):  # another process was first
            path.replace(aside)

    @contextlib.contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """A file to write the frames of `name` to; whoever holds the claim clears what killed ones left."""
        final = self.path(name)
        final.parent.mkdir(parents=True, exist_ok=True)
        for left in final.parent.glob(f".{name}.*"):
            left.unlink(missing_ok=True)
        handle, temporary = tempfile.mkstemp(dir=final.parent, prefix=f".{name}.")
        os.close(handle)
        try:
            yield Path(temporary)
        finally:
            Path(temporary).unlink(missing_ok=True)

    def publish(self, scratch: Path, name: str) -> None:
        """Give a finished file its name; readers see all of it or nothing."""
        scratch.chmod(0o644)
        with self._counting:
            self.written += scratch.stat().st_size
        scratch.replace(self.path(name))

    def fetch(self, key: Key) -> bool:
        """Take the frames from the share, checked as if a stranger had made them; whether it had them."""
        if self.share is None:
            return False
        with self.scratch(key.name) as scratch:
            if not self.share.get_file(_shared(key), scratch):
                return False
            try:
                FrameFile(scratch, key).check()
            except NotTheseFramesError as error:
                self.count(REFUSALS)
                print(f"{self.share.url} {_shared(key)}: refused: {error}", file=sys.stderr, flush=True)
                return False
            self.publish(scratch, key.name)
        return True

    def offer(self, key: Key) -> None:
        """Give the frames of `key`, made here, to the share."""
        if self.share is not None:
            self.share.put(_shared(key), self.path(key.name))


def _shared(key: Key) -> str:
    return f"{SHARED}/{key.name[:2]}/{key.name}{SUFFIX}"
