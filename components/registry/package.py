"""The package of a version: the product byte for byte, the git files of its commit, the gate's result."""

import json
import shutil
from pathlib import Path
from typing import Any

from components.core.errors import DataError, UsageError
from components.core.files import read_json, write_bytes
from components.core.git import commit_time, head
from components.core.hashing import sha256_file
from components.registry.candidate import PRODUCT, check_product, committed, is_committed
from components.registry.settings import read_settings
from components.registry.store_manifest import MANIFEST_NAME, check_entry

GIT_FILES = ("dvc.lock", "dvc.yaml", "data.dvc", "data.md5", "params.yaml")
OPTIONAL = {"data.md5"}  # the list of files of the embedded corpus; a user's own corpus has none
GATE, VERDICT = "gate.json", "verdict.json"
SCRATCH = Path(".scratch/registry")
Manifest = dict[str, Any]


def build_package(root: Path, version: str, *, gate: Path | None = None) -> tuple[Manifest, dict[str, Path]]:
    """The manifest of the checked-out commit's candidate, and where the bytes of every file lie.

    Files of git are read from the commit, never from the workspace, and written below `.scratch/registry/`
    (`clear_scratch` removes them). The same commit and gate give the same manifest.

    Args:
        root: the checkout.
        version: the name the version will have, e.g. `v0.0.3`.
        gate: the file that `streamo gate --out` wrote, if there was a gate.

    Raises:
        DataError: the product is not what the commit's dvc.lock pins, or a file is missing.

    """
    commit, judged = head(root), read_gate(gate)
    check_product(root, commit)
    files = git_files(root, commit) | product_files(root)
    verdict = read_json(root / PRODUCT / VERDICT)
    if gate is not None and judged is not None:
        check_gate(judged, sha256_file(root / PRODUCT / VERDICT), str(gate))
        files[GATE] = gate
    manifest = {
        "schema": 1,
        "name": read_settings(root).name,
        "version": version,
        "commit": commit,
        "registered_at": commit_time(root, commit),
        "model": verdict["candidate"]["model"],
        "decision": decision(verdict, judged),
        "files": {name: entry(files[name]) for name in sorted(files)},
    }
    return manifest, files


def decision(verdict: dict[str, Any], gate: dict[str, Any] | None) -> str:
    """The gate's `promote` or `refuse`; without a gate the verdict's `register` or `refuse`."""
    return str((gate or verdict)["decision"])


def read_gate(path: Path | None) -> dict[str, Any] | None:
    """A gate.json, checked for what the registry reads of it; None without one."""
    if path is None:
        return None
    if not path.is_file():
        raise UsageError(f"{path}: no such file; `streamo gate --out FILE` writes one")
    return parse_gate(path.read_bytes(), str(path))


def parse_gate(data: bytes, where: str) -> dict[str, Any]:
    """The result of `streamo gate` in `data`; DataError names `where` it lies."""
    try:
        found = json.loads(data)
    except ValueError as error:
        raise DataError(f"{where}: not valid JSON ({error})") from None
    named = isinstance(found, dict) and found.get("decision") in ("promote", "refuse") and "champion" in found
    if not named:
        raise DataError(f"{where}: not a result of `streamo gate` (decision promote or refuse, champion)")
    return dict(found)


def check_gate(gate: Manifest, verdict: str, where: str) -> None:
    """The gate judged this candidate and no other: `verdict` is the SHA-256 of its verdict.json."""
    candidate = gate.get("candidate")
    judged = candidate.get("verdict") if isinstance(candidate, dict) else None
    if judged != verdict:
        raise DataError(
            f"{where}: judges the candidate with verdict.json {judged}, this one has {verdict}: run "
            "`streamo gate --out FILE` on this one"
        )


def git_files(root: Path, commit: str) -> dict[str, Path]:
    """`git/<name>` of a package, written out from the commit."""
    found = {}
    for name in GIT_FILES:
        if name in OPTIONAL and not is_committed(root, commit, name):
            continue
        path = scratch(root, commit) / name
        write_bytes(path, committed(root, commit, name))
        found[f"git/{name}"] = path
    return found


def product_files(root: Path) -> dict[str, Path]:
    """`product/<path>` of every file of the register product."""
    top = root / PRODUCT
    files = sorted(path for path in top.rglob("*") if path.is_file())
    return {f"product/{path.relative_to(top).as_posix()}": path for path in files}


def entry(path: Path) -> dict[str, Any]:
    """What a manifest says of one file."""
    return {"sha256": sha256_file(path), "bytes": path.stat().st_size}


def scratch(root: Path, commit: str) -> Path:
    """Where the git files of a package are written while it is published."""
    return root / SCRATCH / commit


def clear_scratch(root: Path, commit: str) -> None:
    """Remove what `build_package` wrote."""
    shutil.rmtree(scratch(root, commit), ignore_errors=True)


def check_package(folder: Path, manifest: Manifest) -> list[str]:
    """What differs between a fetched package and a manifest, one sentence a file; empty if it verifies."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    said = [
        f"{name}: not part of the version" for name in sorted(there - {*manifest["files"], MANIFEST_NAME})
    ]
    for name, told in sorted(manifest["files"].items()):
        check_entry(name, told, f"manifest of {manifest['version']}")
        if name not in there:
            said.append(f"{name}: missing")
        elif (found := entry(folder / name)) != told:
            said.append(f"{name}: is {found['sha256']}, the manifest says {told['sha256']}")
    return said
