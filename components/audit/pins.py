"""What DVC has pinned (dvc.lock and the .dvc files), compared with the bytes in the workspace."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.audit.findings import Finding
from components.audit.hasher import Hasher
from components.core.errors import DataError
from components.lineage.graph import Graph
from components.lineage.tree import DIR_SUFFIX, Listing, dir_md5, parse_dir
from components.lineage.verify import read_md5_file


@dataclass(frozen=True)
class Pin:
    """One path with the MD5 that DVC recorded for it."""

    stage: str  # address
    path: str
    md5: str


def read_lock(root: Path) -> dict[str, Any]:
    """Stages of dvc.lock by address; empty where nothing has run."""
    path = root / "dvc.lock"
    if not path.is_file():
        return {}
    try:
        return dict(yaml.safe_load(path.read_text(encoding="utf-8"))["stages"])
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: not a DVC lock file ({error}); `git checkout dvc.lock` restores it"
        ) from None


def out_pins(graph: Graph, lock: dict[str, Any], root: Path) -> list[Pin]:
    """Every product of the graph that DVC has pinned, sources first."""
    pins = []
    for node in graph:
        entry = _source(root / node.address) if node.is_source else lock.get(node.address, {})
        pins += [Pin(node.address, out["path"], out["md5"]) for out in entry.get("outs", []) if "md5" in out]
    return pins


def dep_pins(graph: Graph, lock: dict[str, Any]) -> list[Pin]:
    """Every input of the graph's stages as it was when they ran."""
    return [
        Pin(node.address, dep["path"], dep["md5"])
        for node in graph
        for dep in lock.get(node.address, {}).get("deps", [])
        if "md5" in dep
    ]


def _source(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def check_pin(pin: Pin, hasher: Hasher, cache: Path) -> list[Finding]:
    """What differs between the pinned bytes and the workspace's: the files, where they can be named."""
    path = hasher.root / pin.path
    if not path.exists():
        return [Finding(pin.path, "missing", f"pinned by {pin.stage}")]
    if not pin.md5.endswith(DIR_SUFFIX):
        found = hasher.md5(path)
        wanted = f"md5 {found}, pinned by {pin.stage} as {pin.md5}"
        return [] if found == pin.md5 else [Finding(pin.path, "changed", wanted)]
    files = hasher.listing(pin.path)
    if dir_md5(files) == pin.md5:
        return []
    expected = _listing(pin, hasher.root, cache)
    if expected is None:
        return [
            Finding(
                pin.path, "changed", f"not the folder {pin.stage} pinned; which file is unknown: no listing"
            )
        ]
    return _differences(pin, files, expected)


def _listing(pin: Pin, root: Path, cache: Path) -> Listing | None:
    """The pinned folder's listing from the cache or a committed `<name>.md5`, if it is the pinned one."""
    stored = cache / pin.md5[:2] / pin.md5[2:]
    candidates = []
    if stored.is_file():
        with contextlib.suppress(DataError):  # the cache check names a broken object
            candidates.append(parse_dir(stored.read_bytes(), str(stored)))
    if (root / f"{pin.path}.md5").is_file():
        candidates.append(read_md5_file(root / f"{pin.path}.md5"))
    return next((files for files in candidates if dir_md5(files) == pin.md5), None)


def _differences(pin: Pin, files: Listing, expected: Listing) -> list[Finding]:
    found = []
    for name in sorted(files.keys() | expected.keys()):
        path = f"{pin.path}/{name}"
        if name not in files:
            found.append(Finding(path, "missing", f"part of what {pin.stage} pinned"))
        elif name not in expected:
            found.append(Finding(path, "extra", f"not part of what {pin.stage} pinned"))
        elif files[name] != expected[name]:
            found.append(
                Finding(path, "changed", f"md5 {files[name]}, pinned by {pin.stage} as {expected[name]}")
            )
    return found
