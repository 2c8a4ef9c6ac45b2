"""Small packages of versions, to be put into stores."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.core.hashing import sha256_bytes
from components.core.seeds import py_random

PRODUCT = {
    "git/dvc.lock": b"schema: '2.0'\n",
    "product/model.safetensors": bytes(range(256)) * 8,
    "product/receipts/models/base/identity.json": b"{}\n",
    "product/verdict.json": b'{"decision": "register"}\n',
}


def make_package(
    folder: Path, *, version: str = "v0.1.0", commit: str = "a" * 40, files: Mapping[str, bytes] = PRODUCT
) -> tuple[dict[str, Any], dict[str, Path]]:
    """Write `files` below `folder`; returns the manifest and the paths, as `build_package` does."""
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    manifest = {
        "schema": 1,
        "name": "streamo",
        "version": version,
        "commit": commit,
        "registered_at": "2026-11-22T19:00:00+00:00",
        "model": "focal-0",
        "decision": "register",
        "files": {
            path: {"sha256": sha256_bytes(data), "bytes": len(data)} for path, data in sorted(files.items())
        },
    }
    return manifest, {path: folder / path for path in files}


def noise(size: int, name: str) -> bytes:
    """Bytes that no compression or repetition makes smaller, the same for the same name."""
    return py_random(0, "package", name).randbytes(size)
