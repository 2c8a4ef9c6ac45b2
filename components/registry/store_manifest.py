"""The manifest of a version: what it must hold, and what of it may become a path or a key.

A manifest comes from a bucket or a folder that others write to: nothing in it is trusted before a check.
"""

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from components.core.errors import DataError, UsageError

Manifest = Mapping[str, Any]
SCHEMA = 1
FIELDS = frozenset({"schema", "name", "version", "commit", "registered_at", "model", "decision", "files"})
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
SHA256 = re.compile(r"[0-9a-f]{64}")
MANIFEST_NAME = "version.json"  # in a fetched package; no file of a version may bear this name


def check_version(version: str) -> str:
    """Return `version` if it can be a file name and a key; UsageError if not."""
    if not VERSION.fullmatch(version):
        raise UsageError(f"{version!r} is not a version: letters, digits and . _ + - only, like v0.1.0")
    return version


def object_key(sha256: str) -> str:
    """`objects/<sha[:2]>/<sha[2:]>`."""
    return f"objects/{sha256[:2]}/{sha256[2:]}"


def version_key(version: str) -> str:
    """`versions/<version>.json`."""
    return f"versions/{check_version(version)}.json"


def natural(version: str) -> list[tuple[int, str]]:
    """Sorting key in which v0.10.0 comes after v0.9.0."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", version)]


def parse_manifest(data: bytes, version: str, where: str) -> dict[str, Any]:
    """The manifest in `data`, checked; DataError names `where` it lies and what is wrong with it."""
    try:
        found = json.loads(data)
    except ValueError as error:
        raise DataError(f"{where}: not valid JSON ({error}); restore it from another copy") from None
    check_manifest(found, where)
    if found["version"] != version:
        raise DataError(f"{where}: expected the manifest of {version}, found that of {found['version']!r}")
    return dict(found)


def check_manifest(manifest: Any, where: str) -> None:
    """DataError unless `manifest` has every field of schema 1 and lists only safe paths."""
    if not isinstance(manifest, Mapping) or not set(manifest) >= FIELDS:
        held = set(manifest) if isinstance(manifest, Mapping) else set()
        raise DataError(f"{where}: not a version manifest, missing: {', '.join(sorted(FIELDS - held))}")
    if manifest["schema"] != SCHEMA:
        raise DataError(
            f"{where}: schema {manifest['schema']!r}, this code reads {SCHEMA}; use a newer checkout"
        )
    if not isinstance(manifest["version"], str) or not VERSION.fullmatch(manifest["version"]):
        raise DataError(f"{where}: {manifest['version']!r} is not a version")
    files = manifest["files"]
    if not isinstance(files, Mapping) or not files:
        raise DataError(f"{where}: `files` must list at least one file")
    for path, entry in files.items():
        check_entry(path, entry, where)
    folders = {parent.as_posix() for path in files for parent in PurePosixPath(path).parents}
    if both := sorted(folders & set(files)):
        raise DataError(f"{where}: {both[0]} is listed as a file and as a folder")


def check_entry(path: str, entry: Any, where: str) -> None:
    """DataError unless `path` stays inside a package and `entry` is `{"sha256", "bytes"}`."""
    pure = PurePosixPath(path)
    plain = pure.as_posix() == path and path.isprintable() and "\\" not in path and ":" not in path
    if not plain or pure.is_absolute() or ".." in pure.parts or path in (".", MANIFEST_NAME):
        raise DataError(f"{where}: {path!r} is not a safe relative path of a package")
    sha256, size = (entry.get("sha256"), entry.get("bytes")) if isinstance(entry, Mapping) else (None, None)
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
        raise DataError(f"{where}: {path}: `sha256` must be 64 hexadecimal digits, found {sha256!r}")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise DataError(f"{where}: {path}: `bytes` must be a count, found {size!r}")


def same_version(one: Manifest, other: Manifest) -> bool:
    """Whether two manifests are one version: all but the time of registration is equal."""
    left, right = dict(one), dict(other)
    left.pop("registered_at", None)
    right.pop("registered_at", None)
    return left == right
