"""What exactly changed between two versions, from their packages alone: data, params, code, scores, clips."""

from pathlib import Path
from typing import Any

import yaml

from components.core.params import flatten
from components.registry.catalog import find, opened
from components.registry.diff_clips import clip_changes
from components.registry.diff_data import data_changes
from components.registry.diff_package import Package, changed_keys

VERDICT = "product/verdict.json"
PARAMS = "git/params.yaml"
RECEIPTS, RECEIPT = "product/receipts/", "/identity.json"


def diff(root: Path, old: str, new: str) -> dict[str, Any]:
    """Every difference from `old` to `new`; each side is a version or the word `champion`.

    Returns:
        `{"old", "new", "missing", "data", "params", "code", "libraries", "metrics", "clips"}` (README).

    Raises:
        DataError: no such version, or a file of a package does not verify.

    """
    store = opened(root)[1]
    before, after = (Package(store, find(root, version).version) for version in (old, new))
    found = {
        "old": before.facts(),
        "new": after.facts(),
        "data": data_changes(before, after),
        "params": params_changes(before, after),
        "code": receipt_changes(before, after, "code"),
        "libraries": receipt_changes(before, after, "libraries"),
        "metrics": metric_changes(before, after),
        "clips": clip_changes(before, after),
    }
    return found | {"missing": sorted(before.missing + after.missing)}


def params_changes(old: Package, new: Package) -> list[dict[str, Any]]:
    """`{"key", "old", "new"}` of every dotted key whose value differs; None where a side does not have it."""
    sides = [flatten(yaml.safe_load(package.read(PARAMS) or b"{}")) for package in (old, new)]
    return [{"key": key, "old": sides[0].get(key), "new": sides[1].get(key)} for key in changed_keys(*sides)]


def receipt_changes(old: Package, new: Package, section: str) -> list[dict[str, Any]]:
    """What changed in a section of the receipts: `code` (file, SHA-256) or `libraries` (name, version)."""
    before, after = named_in_receipts(old, section), named_in_receipts(new, section)
    kinds = {(True, False): "removed", (False, True): "added", (True, True): "changed"}
    return [
        {
            "key": key,
            "change": kinds[key in before, key in after],
            "old": ", ".join(sorted(before.get(key, ()))) or None,
            "new": ", ".join(sorted(after.get(key, ()))) or None,
        }
        for key in changed_keys(before, after)
    ]


def named_in_receipts(package: Package, section: str) -> dict[str, set[str]]:
    """Every key of a section of any receipt, with the values it has there (one, unless a stage was stale)."""
    found: dict[str, set[str]] = {}
    for path in package.paths():
        if path.startswith(RECEIPTS) and path.endswith(RECEIPT):
            for key, value in (package.json(path) or {}).get(section, {}).items():
                found.setdefault(key, set()).add(value)
    return found


def metric_changes(old: Package, new: Package) -> dict[str, Any]:
    """Scores with their intervals side by side; `difference` is new minus old in percentage points."""
    before, after = named_scores(old), named_scores(new)
    return {
        name: {
            "old": side(before.get(name)),
            "new": side(after.get(name)),
            "difference": round(after[name]["accuracy"] - before[name]["accuracy"], 2)
            if name in before and name in after
            else None,
        }
        for name in sorted(before | after)
    }


def named_scores(package: Package) -> dict[str, dict[str, Any]]:
    """The scores of a verdict by name: groups of tasks and the macro F1 of the states."""
    scores = (package.json(VERDICT) or {}).get("candidate", {}).get("scores", {})
    named = {**scores.get("groups", {}), "macro_f1": scores.get("macro_f1")}
    return {name: cell for name, cell in named.items() if cell and cell.get("accuracy") is not None}


def side(cell: dict[str, Any] | None) -> dict[str, Any] | None:
    """A score with its interval."""
    return None if cell is None else {"accuracy": cell["accuracy"], "interval": cell["interval"]}
