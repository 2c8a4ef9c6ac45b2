"""May the checked-out commit become a version? Only if the workspace is exactly what the commit says."""

from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from components.core.errors import DataError
from components.core.files import read_json
from components.core.git import git_bytes
from components.core.hashing import sha256_file
from components.core.params import flatten, load_all
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
    """`(two letters, path)` of git's short status."""
    raw = git_bytes(
        root, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", "."
    )
    entries = [entry for entry in raw.decode("utf-8", "surrogateescape").split("\0") if entry]
    return [(entry[:2], entry[3:]) for entry in entries]


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


def check_receipts(root: Path) -> None:
    """The code and params in the (clean) tree are those that the receipts of the product name.

    Raises:
        DataError: something was committed after the run that the run did not have.

    """
    values = flatten(load_all(root))
    for path in sorted((root / PRODUCT).rglob("identity.json")):
        told = read_json(path)
        other = [name for name, sha256 in told.get("code", {}).items() if sha256_of(root / name) != sha256]
        other += [
            f"params {key}" for key, value in told.get("params", {}).items() if values.get(key) != value
        ]
        if other:
            raise DataError(
                f"{path.relative_to(root)}: made with other {', '.join(sorted(other)[:NAMED])} than this "
                "commit has: `make reproduce`, commit dvc.lock and register that"
            )


def sha256_of(path: Path) -> str | None:
    """SHA-256 of a file, None if there is none."""
    return sha256_file(path) if path.is_file() else None


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
