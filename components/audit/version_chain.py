"""What stands between a version and the raw videos: each product with hash, receipt and what it says."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from components.audit.findings import Finding
from components.audit.numbers import Reader
from components.audit.version_receipts import Receipts
from components.audit.workspace import chain
from components.core.hashing import fingerprint
from components.lineage.graph import Graph
from components.lineage.history import all_runs

# What is worth saying of a product, by the file that says it.
TOLD = {
    "summary.json": ("teacher", "prompt", "labels", "clips", "usable", "quarantined", "samples", "turns"),
    "result.json": ("success", "rows", "profile"),
    "scores.json": ("suite", "steps", "macro_f1"),
}


def version_chain(
    graph: Graph, model: str, findings: list[Finding], reader: Reader, receipts: Receipts, root: Path
) -> dict[str, Any]:
    """The chain of the served model, every link with what its own files say of it.

    Args:
        graph: of the version's commit.
        model: the model's folder, e.g. `models/focal-0`.
        findings: all that does not verify.
        reader: of the products' JSON files.
        receipts: of the products.
        root: the checkout, whose run records say when and where, if the version was made here.

    """
    spoiled = [Finding(f.product or f.path, f.kind, f.detail) for f in findings if f.product != "store"]
    found = chain(graph, model, findings + spoiled)
    runs = {record["identity"]: record for _, record in all_runs(root) if record["identity"]}
    for link in found["links"]:
        path = link["path"]
        pinned = reader.locked.products.get(path)
        link["md5"] = None if pinned is None else pinned.pin.md5
        link["files"] = None if pinned is None or pinned.files is None else len(pinned.files)
        link["about"] = about(path, reader)
        if path in receipts:
            link["receipt"] = fingerprint(receipts[path])
            link["run"] = ran(runs.get(link["receipt"]))
    return found


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


def ran(record: dict[str, Any] | None) -> dict[str, Any] | None:
    """When and where the run was, None where this checkout has no record of it (records are not in git)."""
    if record is None:
        return None
    return {"started_at": record["started_at"], "machine": record["machine"]["node"], "git": record["git"]}


def teachers(links: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """`{product: {"teacher", "prompt"}}` of every annotation in a chain."""
    return {
        link["path"]: {key: link["about"].get(key) for key in ("teacher", "prompt")}
        for link in links
        if "teacher" in link["about"]
    }
