"""Versions in a store: publish, list, fetch with every byte verified. Folder and S3 have one layout.

`objects/<sha[:2]>/<sha[2:]>` hold the bytes under their SHA-256 and are never overwritten.
`versions/<version>.json` is created last and only if absent, and it alone makes the version exist: a
publisher killed anywhere before has published nothing, and of two publishers of one version one wins.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from components.core.errors import DataError, UsageError
from components.core.files import dumps, new_dir, write_bytes
from components.core.hashing import sha256_file
from components.registry.store_folder import FolderBackend
from components.registry.store_manifest import (
    MANIFEST_NAME,
    Manifest,
    check_manifest,
    natural,
    object_key,
    parse_manifest,
    same_version,
    version_key,
)
from components.registry.store_progress import ByteProgress

S3_SCHEME = "s3://"


class Backend(Protocol):
    """Where the bytes lie. Keys are those of the layout; every error names the key and what to do."""

    url: str

    def keys(self, prefix: str) -> list[str]:
        """Every key that begins with `prefix`."""

    def read(self, key: str) -> bytes | None:
        """The bytes of a manifest; None if there is none."""

    def stream(self, key: str) -> Iterator[bytes]:
        """The bytes of an object in blocks; FileNotFoundError if there is none."""

    def create(self, key: str, data: bytes) -> bool:
        """Create a manifest only if absent, whole; False if there is one already."""

    def put_objects(self, objects: Mapping[str, Path], progress: ByteProgress) -> None:
        """Store files under their SHA-256; those already there are verified and kept."""


class WrongObjectError(DataError):
    """A stored object is missing or is not what its version says."""

    def __init__(self, url: str, version: str, path: str, expected: str, found: str):
        self.version, self.path, self.expected, self.found = version, path, expected, found
        super().__init__(
            f"{url}: version {version}, {path}: object {object_key(expected)} should have SHA-256 "
            f"{expected}, found {found}; delete that object and publish the version again from another copy"
        )


class Store:
    """The versions in one backend."""

    def __init__(self, backend: Backend):
        self.backend = backend

    @property
    def url(self) -> str:
        """What `open_store` was given, a folder made absolute."""
        return self.backend.url

    def versions(self) -> list[str]:
        """Every version that exists, by number."""
        names = (key.removeprefix("versions/") for key in self.backend.keys("versions/"))
        return sorted((name.removesuffix(".json") for name in names if name.endswith(".json")), key=natural)

    def manifest(self, version: str) -> dict[str, Any]:
        """The manifest of a version; DataError if there is none or it is malformed."""
        found = self.find(version)
        if found is None:
            known = ", ".join(self.versions()[-5:]) or "none"
            raise DataError(f"{self.url}: no version {version} (there are: {known}); see `streamo versions`")
        return found

    def find(self, version: str) -> dict[str, Any] | None:
        """The manifest of a version, None if it does not exist."""
        data = self.backend.read(version_key(version))
        return None if data is None else parse_manifest(data, version, f"{self.url}/{version_key(version)}")

    def publish(self, manifest: Manifest, files: Mapping[str, Path]) -> dict[str, Any]:
        """Store a version; publishing the same again changes nothing and mends objects that are missing.

        Args:
            manifest: see docs/architecture.md; `files` in it say what every file must be.
            files: where the bytes of every file in the manifest lie now.

        Returns:
            The manifest that stands in the store.

        Raises:
            DataError: a file is not what the manifest says, a stored object is not what its name says, or the
                version exists with other content (the message names its commit).

        """
        check_manifest(manifest, f"manifest of {manifest.get('version')}")
        version = manifest["version"]
        standing = self.find(version)
        if standing is not None:
            self.must_be_same(manifest, standing)
        objects = checked_files(manifest, files)
        total = sum(path.stat().st_size for path in objects.values())
        self.backend.put_objects(objects, ByteProgress(f"publish {version}", total))
        if standing is None:
            self.backend.create(version_key(version), dumps(manifest).encode("utf-8"))
            # Read again, winner or not: what counts is what stands there, not what a server answered.
            standing = self.manifest(version)
            self.must_be_same(manifest, standing)
        return standing

    def must_be_same(self, manifest: Manifest, standing: Manifest) -> None:
        """DataError if the version that stands in the store is another one."""
        if not same_version(manifest, standing):
            raise DataError(
                f"{self.url}: version {standing['version']} was published from commit {standing['commit']} "
                f"({standing['registered_at']}) and versions never change; this is commit "
                f"{manifest['commit']}: register it under the next number"
            )

    def fetch(self, version: str, into: Path) -> Path:
        """Copy a version to the folder `into`, whole or not at all, with its manifest as `version.json`.

        Raises:
            WrongObjectError: an object is missing or its bytes are not what the manifest says.
            UsageError: `into` is there and is not a version fetched earlier.

        """
        manifest = self.manifest(version)
        into = Path(into)
        if into.exists() and not (into / MANIFEST_NAME).is_file() and (into.is_file() or any(into.iterdir())):
            raise UsageError(f"{into}: is there and is not a fetched version; name another folder")
        total = sum(entry["bytes"] for entry in manifest["files"].values())
        progress = ByteProgress(f"fetch {version}", total)
        with new_dir(into) as scratch:
            for path, entry in sorted(manifest["files"].items()):
                target = scratch / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as out:
                    for block in self.verified(version, path, entry):
                        out.write(block)
                        progress.add(len(block))
            write_bytes(scratch / MANIFEST_NAME, dumps(manifest).encode("utf-8"))
        return into

    def get(self, version: str, path: str) -> bytes:
        """The verified bytes of one file of a version."""
        files = self.manifest(version)["files"]
        if path not in files:
            raise DataError(f"{self.url}: version {version} has no file {path!r}; it has {len(files)} others")
        return b"".join(self.verified(version, path, files[path]))

    def verify(self, version: str) -> list[str]:
        """Read every object of a version; one sentence for each that is missing or wrong."""
        faults = []
        for path, entry in sorted(self.manifest(version)["files"].items()):
            try:
                for _ in self.verified(version, path, entry):
                    pass
            except WrongObjectError as error:
                faults.append(str(error))
        return faults

    def verified(self, version: str, path: str, entry: Mapping[str, Any]) -> Iterator[bytes]:
        """Blocks of one file; after the last one WrongObjectError if they were not the right ones."""
        expected, digest, size = entry["sha256"], hashlib.sha256(), 0
        try:
            for block in self.backend.stream(object_key(expected)):
                digest.update(block)
                size += len(block)
                yield block
        except FileNotFoundError:
            raise WrongObjectError(self.url, version, path, expected, "no such object") from None
        if digest.hexdigest() != expected or size != entry["bytes"]:
            found = f"{digest.hexdigest()} ({size} bytes, expected {entry['bytes']})"
            raise WrongObjectError(self.url, version, path, expected, found)


def checked_files(manifest: Manifest, files: Mapping[str, Path]) -> dict[str, Path]:
    """`{sha256: path}` of the files to store; DataError if one is not what the manifest says."""
    if set(files) != set(manifest["files"]):
        odd = sorted(set(files) ^ set(manifest["files"]))
        raise DataError(
            f"version {manifest['version']}: {odd[0]}: in the manifest or in the files, not in both"
        )
    objects = {}
    for path, entry in sorted(manifest["files"].items()):
        found, size = sha256_file(files[path]), Path(files[path]).stat().st_size
        if (found, size) != (entry["sha256"], entry["bytes"]):
            raise DataError(
                f"{files[path]}: is {found} ({size} bytes), the manifest of {manifest['version']} says "
                f"{entry['sha256']} ({entry['bytes']} bytes) for {path}; it changed: build the package again"
            )
        objects[found] = Path(files[path])
    return objects


def open_store(url: str | Path) -> Store:
    """The store at a folder (created when something is published) or at `s3://bucket/prefix`.

    Raises:
        UsageError: another scheme, or no bucket.

    """
    text = str(url)
    if text.startswith(S3_SCHEME):
        from components.registry.store_s3 import S3Backend  # boto3 takes half a second to import

        return Store(S3Backend(text))
    if "://" in text or not text:
        raise UsageError(f"{text!r} is not a store: give a folder or s3://bucket/prefix (STREAMO_REGISTRY)")
    return Store(FolderBackend(Path(text).absolute()))
