"""The package of a version in the store, against git, dvc.lock and the products it copies."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.audit.commit import has_commit, show, tag_commit, tag_trailer
from components.audit.findings import Finding
from components.audit.locked import Locked
from components.core.errors import DataError
from components.core.hashing import fingerprint
from components.lineage.tree import dir_md5
from components.registry.package import GATE, GIT_FILES, OPTIONAL
from components.registry.store import Store, WrongObjectError
from components.registry.tags import MANIFEST_TRAILER

GIT, PRODUCT, REGISTER, VERDICT = "git/", "product/", "artifacts/register", "verdict.json"
KEPT_BYTES = (
    64 << 20
)  # files up to this size are kept for the checks that parse them; weights are only hashed


@dataclass
class Package:
    """A version as the store has it.

    Attributes:
        md5: path -> MD5 of the bytes that were read.
        sha256: path -> SHA-256 of the same, as the manifest says and the bytes confirm.
        content: path -> bytes, of the files the checks parse.
        findings: files that are missing or changed.

    """

    manifest: dict[str, Any]
    md5: dict[str, str]
    sha256: dict[str, str]
    content: dict[str, bytes]
    findings: list[Finding]
    bytes: int = 0


def read_package(store: Store, version: str) -> Package:
    """Read and hash every file of the package."""
    package = Package(store.manifest(version), {}, {}, {}, [])
    for path, entry in sorted(package.manifest["files"].items()):
        read_file(store, version, path, entry, package)
    return package


def read_file(store: Store, version: str, path: str, entry: Mapping[str, Any], package: Package) -> None:
    """Add one file to the package, or what is wrong with it to its findings."""
    digest, kept = hashlib.md5(usedforsecurity=False), bytearray()
    try:
        for block in store.verified(version, path, entry):
            digest.update(block)
            package.bytes += len(block)
            if entry["bytes"] <= KEPT_BYTES:
                kept += block
    except WrongObjectError as error:
        kind = "missing" if error.found == "no such object" else "changed"
        detail = f"store object {error.expected} of {version}: {error.found}"
        package.findings.append(Finding(path, kind, detail, "store"))
        return
    package.md5[path], package.sha256[path] = digest.hexdigest(), entry["sha256"]
    if entry["bytes"] <= KEPT_BYTES:
        package.content[path] = bytes(kept)


def manifest_findings(root: Path, package: Package, name: str) -> list[Finding]:
    """The manifest is the one that was tagged, lists what every version has, and says what its files say."""
    manifest, findings = package.manifest, []
    where = f"versions/{manifest['version']}.json"
    tagged = tag_trailer(root, f"{name}@{manifest['version']}", MANIFEST_TRAILER)
    if tagged is not None and tagged != fingerprint(manifest):
        findings.append(Finding(where, "manifest", "is not the one that was tagged: it was edited", "store"))
    needed = {f"{GIT}{file}" for file in GIT_FILES if file not in OPTIONAL} | {f"{PRODUCT}{VERDICT}"}
    for path in sorted(needed - set(manifest["files"])):
        findings.append(Finding(where, "manifest", f"lists no {path}", "store"))
    verdict = json_of(package, f"{PRODUCT}{VERDICT}")
    gate = json_of(package, GATE)
    if verdict is not None:
        told = {"model": verdict["candidate"]["model"], "decision": (gate or verdict)["decision"]}
        for key, value in told.items():
            if manifest[key] != value:
                detail = f"{key} {manifest[key]!r}, its own files say {value!r}"
                findings.append(Finding(where, "manifest", detail, "store"))
    return findings


def json_of(package: Package, path: str) -> Any:
    """A JSON file of the package, None where it has none that was read."""
    return json.loads(package.content[path]) if path in package.content else None


def git_findings(root: Path, package: Package, name: str) -> list[Finding]:
    """Tag, manifest and git agree on the commit, and the git files are those of the commit."""
    version, commit = package.manifest["version"], str(package.manifest["commit"])
    tag = f"{name}@{version}"
    tagged = tag_commit(root, tag)
    findings = []
    if tagged is None:
        findings.append(
            Finding(tag, "tag", "no such tag here; `git fetch --tags` brings it if a remote has it")
        )
    elif tagged != commit:
        findings.append(Finding(tag, "tag", f"points to {tagged}, the version was registered from {commit}"))
    if not has_commit(root, commit):
        findings.append(
            Finding(commit, "commit", f"{version} was made by this commit and git does not have it")
        )
        return findings
    for path in sorted(path for path in package.content if path.startswith(GIT)):
        there = show(root, commit, path.removeprefix(GIT))
        if there != package.content[path]:
            what = "has no such file" if there is None else "has other bytes"
            findings.append(Finding(path, "changed", f"commit {commit} {what}", "store"))
    return findings


def product_findings(package: Package, locked: Locked) -> list[Finding]:
    """The product folder is the one that dvc.lock of the commit pins."""
    held = {p.removeprefix(PRODUCT): md5 for p, md5 in package.md5.items() if p.startswith(PRODUCT)}
    pinned = locked.products.get(REGISTER)
    if pinned is None:
        return [Finding(REGISTER, "never_ran", "dvc.lock of the commit does not pin it")]
    unread = any(finding.path.startswith(PRODUCT) for finding in package.findings)
    if unread or dir_md5(held) == pinned.pin.md5:
        return []
    files = pinned.files or {}
    odd = sorted(name for name in held.keys() | files.keys() if held.get(name) != files.get(name))
    detail = f"not the file of {REGISTER} that dvc.lock pins ({pinned.pin.md5})"
    return [Finding(f"{PRODUCT}{name}", "changed", detail, "store") for name in odd or [""]]


def copy_findings(package: Package, locked: Locked, copies: Mapping[str, str]) -> list[Finding]:
    """Files copied from other products equal them; `copies` is `{path in the product: source}`."""
    findings = []
    for name, source in sorted(copies.items()):
        ours = package.sha256.get(f"{PRODUCT}{name}")
        try:
            theirs = locked.sha256(locked.root / source).get("")
        except DataError:
            theirs = "absent"
        if ours is not None and theirs not in (ours, "?", None):
            detail = f"not the bytes of {source} in the same commit"
            findings.append(Finding(f"{PRODUCT}{name}", "copy", detail, "store"))
    return findings
