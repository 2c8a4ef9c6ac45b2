"""What is finished, one line an entry, written to the disk before the next begins: what a resumed run keeps.

A line is `{"sha256", "done": {"key", ...}}`. A kill can only tear the last line, which is then dropped and
its entry done again; anything else that does not verify is damage, and the run stops.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import dumps, read_json, write_json
from components.core.hashing import fingerprint
from components.core.lock import file_lock
from components.evaluate.ovo_bench.settings import check_same

NAME, SETTINGS, LOCK = "journal.jsonl", "settings.json", "lock"


class Journal:
    """The finished entries of one run, by key; `add` returns when the line is on the disk."""

    def __init__(self, path: Path):
        self.path = path
        self.done: dict[str, dict[str, Any]] = {}
        self.dropped = 0  # torn lines
        if path.exists():
            self._read()
        self._handle = path.open("ab")

    def add(self, done: dict[str, Any]) -> None:
        """Append one finished entry."""
        line = dumps({"sha256": fingerprint(done), "done": done}, indent=None)
        self._handle.write(line.encode("utf-8"))
        self._handle.flush()
        os.fsync(self._handle.fileno())
        self.done[done["key"]] = json.loads(line)["done"]  # as a resumed run would read it

    def close(self) -> None:
        """Close the file."""
        self._handle.close()

    def _read(self) -> None:
        """Take over what is there; a torn last line is cut off."""
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            self.dropped = 1
            with self.path.open("r+b") as handle:
                handle.truncate(whole)
        for number, line in enumerate(data[:whole].splitlines(), 1):
            done = verified(line)
            if done is None or done["key"] in self.done:
                fault = "damaged" if done is None else f"a second line for {done['key']}"
                raise DataError(f"{self.path}: line {number}: {fault}; delete the file to begin anew")
            self.done[done["key"]] = done


def verified(line: bytes) -> dict[str, Any] | None:
    """What a line holds, or None if it is not what was written."""
    try:
        value = json.loads(line)
        done = value["done"]
        if value["sha256"] == fingerprint(done) and isinstance(done["key"], str):
            return dict(done)
    except (ValueError, KeyError, TypeError):
        return None
    return None


@contextmanager
def open_journal(folder: Path, settings: dict[str, Any]) -> Iterator[Journal]:
    """The journal of a run in `folder`, new or taken up again; nobody else can write to it meanwhile.

    Raises:
        UsageError: it was begun with other settings; the message names them.
        DataError: another process is at it, or a line does not verify.

    """
    folder.mkdir(parents=True, exist_ok=True)
    with file_lock(folder / LOCK, str(folder), "streamo evaluate --suite ovo-bench"):
        if (folder / SETTINGS).exists():
            check_same(read_json(folder / SETTINGS), settings, folder)
        else:
            write_json(folder / SETTINGS, settings)
        journal = Journal(folder / NAME)
        try:
            yield journal
        finally:
            journal.close()
