"""The deterministic half of a receipt: what a product is made of, without when, where or by whom."""

from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from components.core.hashing import fingerprint, sha256_file, sha256_tree
from components.core.params import declared_values
from components.lineage.stagefile import stage_deps

Tree = Callable[[Path], dict[str, str]]
LIBRARIES = (
    "av", "deepspeed", "great_expectations", "numpy", "pandas", "pillow", "pyarrow", "safetensors",
    "tokenizers", "torch", "transformers",
)  # fmt: skip


def is_code(dep: str) -> bool:
    """Whether a dependency is one of our code folders rather than data."""
    return dep.split("/")[0] in {"components", "flows"}


def code_hashes(deps: list[str], root: Path = Path()) -> dict[str, str]:
    """SHA-256 of every code file below the code dependencies (README files and byte code are not code)."""
    files: set[Path] = set()
    for dep in filter(is_code, deps):
        path = root / dep
        found = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
        files.update(p for p in found if p.suffix != ".md" and "__pycache__" not in p.parts)
    return {p.relative_to(root).as_posix(): sha256_file(p) for p in sorted(files)}


def input_hashes(deps: list[str], root: Path = Path(), tree: Tree = sha256_tree) -> dict[str, str]:
    """One digest per data dependency: of the file, or of the sorted `{path: sha256}` of a folder."""
    return {dep: fingerprint(tree(root / dep)) for dep in deps if not is_code(dep)}


def library_versions() -> dict[str, str]:
    """Versions of the libraries that shape bytes, without local parts such as `+cpu`."""
    return {name: metadata.version(name).split("+")[0] for name in LIBRARIES}


def build_identity(
    stage: str, item: Mapping[str, object], seed: int, root: Path = Path(), *, tree: Tree = sha256_tree
) -> dict[str, Any]:
    """The identity of one product; see docs/architecture.md (Receipts).

    `tree` maps a path to `{relative path: sha256}`; the audit gives one that hashes every file only once.
    """
    deps = stage_deps(stage, item, root)
    return {
        "schema": 1,
        "stage": stage,
        "item": {key: str(value) for key, value in item.items()},
        "seed": seed,
        "params": declared_values(stage, root),
        "inputs": input_hashes(deps, root, tree),
        "code": code_hashes(deps, root),
        "libraries": library_versions(),
    }
