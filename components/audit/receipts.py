"""Receipts: what a product says it was made of, against what is here now."""

from pathlib import Path
from typing import Any

from components.audit.findings import Finding
from components.audit.hasher import Hasher
from components.core.errors import DataError, StreamoError
from components.core.files import read_json
from components.lineage.graph import Node
from components.lineage.identity import build_identity
from components.lineage.stage import IDENTITY_FILE

SECTIONS = {"params": "stale_params", "code": "stale_code", "inputs": "stale_input"}


def check_receipt(node: Node, out: str, hasher: Hasher, bad: set[str]) -> tuple[list[Finding], list[str]]:
    """Compare the receipt in the product `out` with one rebuilt from the workspace; findings and notes.

    Args:
        node: the stage.
        out: its product folder.
        hasher: reads every file once.
        bad: paths already known not to verify: that inputs differ with them is no further finding.

    """
    path = f"{out}/{IDENTITY_FILE}"
    try:
        told = read_json(hasher.root / path)
        made_of = build_identity(node.name, told["item"], int(told["seed"]), hasher.root, tree=hasher.tree)
    except (KeyError, TypeError, ValueError):
        return [Finding(path, "receipt", "not a receipt this version writes")], []
    except StreamoError as error:
        return [Finding(path, "receipt", str(error))], []
    findings = []
    if told["stage"] != node.name:
        findings.append(Finding(path, "receipt", f"of stage {told['stage']}, but {node.address} makes this"))
    for section, kind in SECTIONS.items():
        for key in different(told[section], made_of[section]):
            if section == "inputs" and touches(key, bad):
                continue
            detail = f"{out} was made with another {key}; `streamo plan` says what would run"
            findings.append(Finding(key if section != "params" else path, kind, detail))
    notes = [
        f"{out} was made with {name} {told['libraries'].get(name)}, here is {made_of['libraries'].get(name)}"
        for name in different(told["libraries"], made_of["libraries"])
    ]
    return findings, notes


def different(left: dict[str, Any], right: dict[str, Any]) -> list[str]:
    """Keys whose values differ or that only one side has."""
    missing = object()
    return sorted(k for k in left.keys() | right.keys() if left.get(k, missing) != right.get(k, missing))


def touches(path: str, bad: set[str]) -> bool:
    """Whether one of the bad paths is `path`, lies below it or holds it."""
    return any(f"{other}/".startswith(f"{path}/") or f"{path}/".startswith(f"{other}/") for other in bad)


def gate_findings(root: Path, out: str) -> list[Finding]:
    """A stored gate result that says no (or cannot be read) under a product that exists."""
    path = root / out / "result.json"
    if not path.is_file():
        return []
    try:
        passed = read_json(path).get("success")
    except DataError as error:
        return [Finding(f"{out}/result.json", "gate", str(error))]
    return [] if passed is True else [Finding(f"{out}/result.json", "gate", f"success is {passed}")]
