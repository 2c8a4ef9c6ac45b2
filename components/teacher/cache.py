"""Every answer ever paid for, one file each, named by the hash of its request; written whole by rename.

`<folder>/<key[:2]>/<key>.json` holds the request (hashes in place of images), the raw body as the
server sent it, and where it came from. An entry is used only if all of it verifies.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.files import write_json
from components.core.hashing import fingerprint
from components.teacher.chat import key_of
from components.teacher.reading import Completion, NotACompletionError, read_completion, strict_json

SCHEMA = 1


@dataclass(frozen=True)
class Kept:
    """An answer in the cache: the request (hashes for images), the raw body, what it says, its provenance."""

    request: Mapping[str, Any]
    raw: str
    completion: Completion
    provenance: Mapping[str, Any]


class AnswerCache:
    """The folder of answers; many processes may share it.

    Attributes:
        refused: `{file: why}` of the entries that did not verify and will be asked again.

    """

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self.refused: dict[str, str] = {}

    def path(self, key: str) -> Path:
        """Where the answer to the request of this hash lies."""
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> Kept | None:
        """The verified answer; None if there is none, or if it was refused (on stderr and in `refused`)."""
        path = self.path(key)
        try:
            return verified(path.read_bytes(), key)
        except FileNotFoundError:
            return None
        except ValueError as error:
            if str(path) not in self.refused:
                print(f"{path}: this kept answer is refused and asked again: {error}", file=sys.stderr)
            self.refused[str(path)] = str(error)
            return None

    def put(self, known_by: Mapping[str, Any], raw: str, provenance: Mapping[str, Any]) -> None:
        """Keep the raw body of an answer; on return it is on disk."""
        key = key_of(known_by)
        record = {
            "schema": SCHEMA,
            "key": key,
            "request": dict(known_by),
            "raw": raw,
            "provenance": dict(provenance),
        }
        record["sha256"] = fingerprint(record)
        write_json(self.path(key), record)


def verified(data: bytes, key: str) -> Kept:
    """The answer in the bytes of a cache file.

    Raises:
        ValueError: it is not what was written for `key`, in words.

    """
    record = strict_json(data.decode("utf-8"))
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise ValueError(f"expected an answer record of schema {SCHEMA}")
    stated = record.pop("sha256", None)
    if fingerprint(record) != stated:
        raise ValueError("the record does not have the SHA-256 written in it")
    if record["key"] != key or key_of(record["request"]) != key:
        raise ValueError("the request in it is not the one its name stands for")
    raw: str = record["raw"]
    try:
        return Kept(record["request"], raw, read_completion(raw), record["provenance"])
    except NotACompletionError as error:
        raise ValueError(str(error)) from None
