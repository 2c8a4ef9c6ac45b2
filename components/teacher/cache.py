"""Every answer ever paid for, one file each, named by the hash of its request; written whole by rename.

`<folder>/<key[:2]>/<key>.json` holds the request (hashes in place of images), the raw body as the
server sent it, and where it came from. An entry is used only if all of it verifies. A share, if there is one,
has the same files for all machines (components/core/share.py). The disk here comes first: an answer is in
the folder before it is in the share, and an answer from the share is in the folder before it is used.
"""

import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from components.core.files import write_bytes, write_json
from components.core.share import Share, TooLargeError
from components.core.share_folder import FolderShare
from components.teacher.chat import key_of
from components.teacher.record import Kept, record_of, verified

ANSWERS = "answers"  # the part of a share that is ours
REPLACED = "replaced, by the one here or a new one"
THREADS = 16  # questions to the share at once


class AnswerCache:
    """The folder of answers, which many processes may share, and the share of many machines.

    Attributes:
        refused: `{file: why}` of the entries that did not verify and will be asked again.
        seconds: keys that this machine and another one asked at once: the answer in the share counts for
            both, ours is kept as `<key>.second`.

    """

    def __init__(self, folder: Path, share: Share | None = None):
        self.folder, self.share = Path(folder), share
        self.refused: dict[str, str] = {}
        self.seconds: list[str] = []
        self._shared: set[str] = set()  # keys whose answer here is the one in the share
        self._new: set[str] = set()  # keys just asked, since the share had no answer a moment ago

    @property
    def claims_folder(self) -> Path:
        """Where processes see what others are asking: in a shared folder, as far as its locks reach."""
        return self.share.root / ANSWERS if isinstance(self.share, FolderShare) else self.folder

    def path(self, key: str) -> Path:
        """Where the answer to the request of this hash lies."""
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> Kept | None:
        """The verified answer, from the share where there is none here; it is kept here then.

        Returns:
            None if there is none, or if it was refused (on stderr and in `refused`).

        Raises:
            StoreError: the share does not do its part.

        """
        return self.get_here(key) or self.get_shared(key)

    def get_here(self, key: str) -> Kept | None:
        """As `get`, the share left out."""
        path = self.path(key)
        try:
            return self._verified(str(path), path.read_bytes(), key)
        except FileNotFoundError:
            return None

    def get_shared(self, key: str) -> Kept | None:
        """As `get`, from the share alone."""
        data, kept = self._look(key)
        if data is not None and kept is not None:
            write_bytes(self.path(key), data)
            self._shared.add(key)
        return kept

    def get_settled(self, key: str) -> Kept | None:
        """As `get`, and an answer that lies here alone is given to the share before it is used.

        So nothing is lost by a kill between both writes, or by a share that was down or not yet named. Where
        another machine has put an answer of its own there, that one is taken: it counts for all.
        """
        kept = self.get(key)
        if kept is None or self.share is None or key in self._shared:
            return kept
        ours = self.path(key).read_bytes()
        theirs, other = (None, None) if key in self._new else self._look(key)
        if theirs is None and not self.share.create(_shared_name(key), ours):
            theirs, other = self._look(key)  # somebody was faster
        if theirs is not None and other is None:
            self.share.put(_shared_name(key), ours)
        elif theirs is not None and theirs != ours:
            self._step_back(key, ours, theirs)
            kept = other
        self._shared.add(key)
        self._new.discard(key)
        return kept

    def fetch(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys whose answer is kept; what only the share has is brought here, many at once."""
        wanted = list(dict.fromkeys(keys))
        found = {key for key in wanted if self.get_here(key) is not None}
        missing = [key for key in wanted if key not in found] if self.share is not None else []
        pool = ThreadPoolExecutor(THREADS)
        try:
            brought = pool.map(self.get_shared, missing)
            return found | {key for key, kept in zip(missing, brought, strict=True) if kept is not None}
        finally:
            pool.shutdown(cancel_futures=True)

    def put(self, known_by: Mapping[str, Any], raw: str, provenance: Mapping[str, Any]) -> None:
        """Keep the raw body of an answer; on return it is on this machine's disk, `get_settled` shares it."""
        key = key_of(known_by)
        write_json(self.path(key), record_of(key, known_by, raw, provenance))
        self._shared.discard(key)
        self._new.add(key)

    def _look(self, key: str) -> tuple[bytes | None, Kept | None]:
        """What the share has under the answer's name (None: nothing), and what it says if it verifies."""
        if self.share is None:
            return None, None
        where = f"{self.share.url}/{_shared_name(key)}"
        try:
            data = self.share.get(_shared_name(key))
        except TooLargeError as error:
            self._refuse(where, REPLACED, str(error))
            return b"", None
        return data, None if data is None else self._verified(where, data, key, REPLACED)

    def _verified(self, where: str, data: bytes, key: str, then: str = "asked again") -> Kept | None:
        try:
            return verified(data, key)
        except ValueError as error:
            self._refuse(where, then, str(error))
            return None

    def _refuse(self, where: str, then: str, why: str) -> None:
        if where not in self.refused:
            print(f"{where}: this kept answer is refused and {then}: {why}", file=sys.stderr)
        self.refused[where] = why

    def _step_back(self, key: str, ours: bytes, theirs: bytes) -> None:
        """Take the answer of another machine in place of ours, which was paid for as well."""
        path = self.path(key)
        second = path.with_suffix(".second")
        print(f"{path}: another machine asked the same: its answer counts, ours is {second}", file=sys.stderr)
        write_bytes(second, ours)
        write_bytes(path, theirs)
        self.seconds.append(key)


def _shared_name(key: str) -> str:
    return f"{ANSWERS}/{key[:2]}/{key}.json"
