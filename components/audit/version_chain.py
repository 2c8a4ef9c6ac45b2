"""What stands between a version and the raw videos: each product with hash, receipt and what it says."""

from pathlib import Path
from typing import Any

from components.audit.findings import Finding
from components.audit.number import Reader
from components.audit.version_receipts import Receipts
from components.audit.workspace import chain
from components.core.hashing import fingerprint
from components.lineage.graph import Graph
from components.lineage.history import all_runs

Runs = dict[str, dict[str, Any]]

# What is worth saying of a product, by the file that says it.
TOLD = {
    "summary.json": ("teacher", "prompt", "labels", "clips", "usable", "quarantined", "samples", "turns"),
    "result.json": ("success", "rows", "profile"),
    "scores.json": ("suite", "steps", "macro_f1"),
    "verdict.json": ("decision",),
    "streamo.json": ("step",),
}


def version_chain(
    graph: Graph, model: str, findings: list[Finding], reader: Reader, receipts: Receipts, root: Path
) -> dict[str, Any]:
    """The chain of the served model, every link with what its own files say of it.

    Args:
        graph: of the version's commit.
        model: the model's folder, e.g. `models/qwen2_5_vl-focal-0`.
        findings: all that does not verify.
        reader: of the products' JSON files.
        receipts: of the products.
        root: the checkout, whose run records say when and where, if the version was made here.

    """
    spoiled = [Finding(f.product or f.path, f.kind, f.detail) for f in findings if f.product != "store"]
    found, runs = chain(graph, model, findings + spoiled), runs_by_receipt(root)
    for link in found["links"]:
        link |= facts(link["path"], reader, receipts, runs)
    return found


def facts(path: str, reader: Reader, receipts: Receipts, runs: Runs) -> dict[str, Any]:
    """Hash, number of files, receipt and its run, and what the product's own files say of it."""
    pinned = reader.locked.products.get(path)
    receipt = fingerprint(receipts[path]) if path in receipts else None
    return {
        "md5": None if pinned is None else pinned.pin.md5,
        "files": None if pinned is None or pinned.files is None else len(pinned.files),
        "receipt": receipt,
        "run": runs.get(receipt or ""),
        "about": about(path, reader),
    }


def about(path: str, reader: Reader) -> dict[str, Any]:
    """The few facts a product states of itself."""
    told: dict[str, Any] = {}
    for name, keys in TOLD.items():
        value = reader.json(f"{path}/{name}")
        if isinstance(value, dict):
            told |= {key: value[key] for key in keys if plain(value.get(key))}
            told |= split_counts(value.get("splits"))
    return told


def plain(value: Any) -> bool:
    """Whether a value is short enough to be said in one line."""
    return isinstance(value, str | int | float | bool)


def split_counts(splits: Any) -> dict[str, Any]:
    """Samples and videos of each split of a dataset's summary."""
    if not isinstance(splits, dict):
        return {}
    return {
        name: f"{cell['samples']} samples, {cell['videos']} videos" for name, cell in sorted(splits.items())
    }


def runs_by_receipt(root: Path) -> Runs:
    """Fingerprint of a receipt -> when and where the last run recorded in this checkout wrote it."""
    return {
        str(record["identity"]): {
            "started_at": record["started_at"],
            "machine": record["machine"]["node"],
            "git": record["git"],
        }
        for _, record in all_runs(root)
        if record["identity"]
    }
