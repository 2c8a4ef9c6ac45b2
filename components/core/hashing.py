"""SHA-256 of files, folders and plain values."""

import hashlib
from pathlib import Path
from typing import Any

from components.core.files import dumps


def sha256_bytes(data: bytes | memoryview) -> str:
    """Hex digest of `data`."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Hex digest of a file's bytes, read in blocks."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_tree(path: Path) -> dict[str, str]:
    """`{posix path below `path`: sha256}` of every file of a folder, sorted; `{"": sha}` for a file."""
    path = Path(path)
    if path.is_file():
        return {"": sha256_file(path)}
    files = sorted(p for p in path.rglob("*") if p.is_file())
    return {p.relative_to(path).as_posix(): sha256_file(p) for p in files}


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical JSON of a plain value (dicts sorted); refuses what JSON cannot hold."""
    return sha256_bytes(dumps(value, indent=None).encode("utf-8"))
