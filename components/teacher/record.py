"""What a kept answer is on disk: the request, the raw body, its provenance, and the SHA-256 of all that."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.core.hashing import fingerprint
from components.teacher.chat import key_of
from components.teacher.declined import declined
from components.teacher.reading import Completion, NotACompletionError, read_completion, strict_json

SCHEMA = 1


@dataclass(frozen=True)
class Kept:
    """An answer in the cache: the request (hashes for images), the raw body, what it says, its provenance."""

    request: Mapping[str, Any]
    raw: str
    completion: Completion
    provenance: Mapping[str, Any]


def record_of(
    key: str, known_by: Mapping[str, Any], raw: str, provenance: Mapping[str, Any]
) -> dict[str, Any]:
    """The file of an answer, as plain JSON; `key` is the hash of the request `known_by`."""
    record = {
        "schema": SCHEMA,
        "key": key,
        "request": dict(known_by),
        "raw": raw,
        "provenance": dict(provenance),
    }
    return {**record, "sha256": fingerprint(record)}


def verified(data: bytes, key: str) -> Kept:
    """The answer in the bytes of a cache file.

    Raises:
        ValueError: it is not what was written for `key`, in words.

    """
    record = strict_json(data.decode("utf-8"))
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise ValueError(f"expected an answer record of schema {SCHEMA}")
    stated = record.pop("sha256", None)
    try:
        found = fingerprint(record)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if found != stated:
        raise ValueError("the record does not have the SHA-256 written in it")
    if not _shaped(record):
        raise ValueError("a whole record, but of other fields than an answer has")
    if record["key"] != key or key_of(record["request"]) != key:
        raise ValueError("the request in it is not the one its name stands for")
    raw: str = record["raw"]
    try:
        return Kept(record["request"], raw, declined(raw) or read_completion(raw), record["provenance"])
    except NotACompletionError as error:
        raise ValueError(str(error)) from None


def _shaped(record: Mapping[str, Any]) -> bool:
    """Whether a record has the fields that are read: a share's may come from anybody, hash and all."""
    kinds = {"schema": int, "key": str, "request": dict, "raw": str, "provenance": dict}
    if set(record) != set(kinds) or not all(isinstance(record[name], kinds[name]) for name in kinds):
        return False
    origin = record["provenance"]
    money, usage = origin.get("charged"), origin.get("usage", ())
    return (
        isinstance(money, dict)
        and "finish_reason" in origin
        and all(isinstance(one, int | float) for one in (money.get("usd"), origin.get("seconds")))
        and isinstance(money.get("presumed"), bool)
        and (usage is None or (isinstance(usage, list) and [type(one) for one in usage] == [int, int]))
    )
