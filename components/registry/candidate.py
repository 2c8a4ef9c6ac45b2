"""May the checked-out commit become a version? Only if the workspace is exactly what the commit says."""

import io
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from components.core.errors import DataError
from components.core.files import read_json
from components.core.git import git_bytes
from components.core.hashing import sha256_bytes
from components.core.params import flatten
from components.lineage.tree import Ignore, path_md5

PRODUCT = "artifacts/register"
LOCK = "dvc.lock"
NAMED = 5  # files that a message names
# Untracked files that change what a run of the DAG does; others (notes, logs) do not make a tree dirty.
CODE_FOLDERS = {"components", "flows", "profiles"}
CODE_FILES = {"dvc.yaml", "dvc.lock", "params.yaml", ".dvcignore"}


def check_clean(root: Path) -> None:
    """Nothing tracked is modified, and no untracked file stands where the DAG would read it.

    Raises:
        DataError: names the files.

    """
    dirty = [
        f"{path} is {'not tracked' if state == '??' else 'modified'}"
        for state, path in status(root)
        if state != "??" or is_relevant(path)
    ]
    if dirty:
        more = f" and {len(dirty) - NAMED} more" if len(dirty) > NAMED else ""
        raise DataError(
            f"the tree is dirty: {', '.join(dirty[:NAMED])}{more}; a version must be its commit: "
            "commit or restore them, and run the DAG again where they are code, params or data"
        )


def status(root: Path) -> list[tuple[str, str]]:
    """`(two letters, path)` of git's short status, sorted by path.

    Files that git was told not to look at (`git update-index --assume-unchanged`) count as modified.
    """
    shown = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", ".")
    found = {(entry[:2], entry[3:]) for entry in entries(root, *shown)}
    found |= {(" M", entry[2:]) for entry in entries(root, "ls-files", "-v", "-z") if entry[0].islower()}
    return sorted(found, key=lambda row: row[1])


def entries(root: Path, *argv: str) -> list[str]:
    """What a git command lists, ended by null bytes."""
    listed = git_bytes(root, *argv).decode("utf-8", "surrogateescape")
    return [entry for entry in listed.split("\0") if entry]


def is_relevant(path: str) -> bool:
    """Whether an untracked file could change what a stage does."""
    parts = PurePosixPath(path).parts
    return parts[0] in CODE_FOLDERS or parts[-1] in CODE_FILES or path.endswith(".dvc")


def committed(root: Path, commit: str, path: str) -> bytes:
    """A file's bytes as the commit has them, whatever lies in the workspace."""
    try:
        return git_bytes(root, "show", f"{commit}:./{path}")
    except DataError:
        raise DataError(f"{path}: not in commit {commit[:12]}; run the DAG and commit it") from None


def is_committed(root: Path, commit: str, path: str) -> bool:
    """Whether the commit has this file."""
    return bool(git_bytes(root, "ls-tree", "-z", commit, "--", path))


def check_product(root: Path, commit: str) -> None:
    """The product in the workspace is, byte for byte, what the commit's dvc.lock pins.

    Raises:
        DataError: dvc.lock is not committed or pins no such product, or the bytes are others.

    """
    wanted = pinned_product(yaml.safe_load(committed(root, commit, LOCK)), commit)
    found = path_md5(Path(PRODUCT), Ignore(root))
    if found != wanted:
        raise DataError(
            f"{PRODUCT}: is {found}, but dvc.lock of commit {commit[:12]} pins {wanted}; "
            "`make reproduce` and commit dvc.lock, or `dvc checkout artifacts/register`"
        )


def check_receipts(root: Path, commit: str) -> None:
    """The receipts of the product name the commit's code and params, as git has them.

    Raises:
        DataError: the run had something else than what was committed.

    """
    receipts = {path: read_json(path) for path in sorted((root / PRODUCT).rglob("identity.json"))}
    params = flatten(yaml.safe_load(committed(root, commit, "params.yaml")))
    names = sorted({name for told in receipts.values() for name in told.get("code", {})})
    code = committed_hashes(root, commit, names)
    for path, told in receipts.items():
        other = [name for name, sha256 in told.get("code", {}).items() if code[name] != sha256]
        other += [
            f"params {key}" for key, value in told.get("params", {}).items() if params.get(key) != value
        ]
        if other:
            raise DataError(
                f"{path.relative_to(root)}: made with other {', '.join(sorted(other)[:NAMED])} than this "
                "commit has: `make reproduce`, commit dvc.lock and register that"
            )


def committed_hashes(root: Path, commit: str, paths: list[str]) -> dict[str, str | None]:
    """SHA-256 of files as the commit has them, None where it has none."""
    asked = "".join(f"{commit}:./{path}\n" for path in paths).encode("utf-8")
    answer, hashes = io.BytesIO(git_bytes(root, "cat-file", "--batch", stdin=asked)), dict[str, str | None]()
    for path in paths:
        head = answer.readline().split()
        hashes[path] = None
        if head[-1] != b"missing":  # `<object> <type> <size>`, the bytes, a newline
            hashes[path] = sha256_bytes(answer.read(int(head[2])))
            answer.read(1)
    return hashes


def pinned_product(lock: Any, commit: str) -> str:
    """The MD5 that a dvc.lock holds for the register product."""
    stages = lock.get("stages", {}) if isinstance(lock, dict) else {}
    for entry in stages.values():
        for out in entry.get("outs", []):
            if out.get("path") == PRODUCT and "md5" in out:
                return str(out["md5"])
    raise DataError(
        f"dvc.lock of commit {commit[:12]} pins no {PRODUCT}: run the whole DAG and commit dvc.lock"
    )
