"""Receipts inside the products of a version, against the commit: bytes, code, params, inputs."""

import json
from typing import Any

import yaml

from components.audit.findings import Finding
from components.audit.locked import Locked
from components.audit.receipts import SECTIONS, different, touches
from components.core.errors import StreamoError
from components.lineage.graph import Graph, Node
from components.lineage.identity import build_identity
from components.lineage.stage import IDENTITY_FILE

Receipts = dict[str, dict[str, Any]]  # product folder -> its receipt


def read_receipts(graph: Graph, locked: Locked) -> tuple[Receipts, list[Finding]]:
    """The receipt of every product a stage made; what is no receipt is a finding."""
    receipts, findings = Receipts(), []
    for node in graph:
        for out in [] if node.is_source else node.outs:
            path = f"{out}/{IDENTITY_FILE}"
            data = locked.read(path)
            if data is not None:
                try:
                    receipts[out] = dict(json.loads(data))
                    continue
                except (ValueError, TypeError) as error:
                    findings.append(Finding(path, "receipt", f"not a receipt ({error})", out))
            elif out in locked.products and locked.products[out].files is not None:
                findings.append(Finding(path, "receipt", "the product has none that could be read", out))
    return receipts, findings


def receipt_findings(graph: Graph, receipts: Receipts, locked: Locked, bad: set[str]) -> list[Finding]:
    """What receipts say that is not so.

    Args:
        graph: of the commit.
        receipts: of `read_receipts`.
        locked: the commit's products and files.
        bad: paths already known not to verify; that an input differs with them is no further finding.

    """
    dag = yaml.safe_load((locked.root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    return [
        found
        for node in graph
        for out in node.outs
        if out in receipts
        for found in of_receipt(node, out, receipts[out], dag.get(node.name, {}), locked, bad)
    ]


def address_of(stage: str, item: dict[str, str], entry: dict[str, Any]) -> str:
    """`stage@value-value` in the order of the matrix of dvc.yaml; a receipt's own keys are sorted."""
    order = list(entry.get("matrix", {}))
    return f"{stage}@{'-'.join(item[key] for key in order)}" if order else stage


def of_receipt(
    node: Node, out: str, told: dict[str, Any], entry: dict[str, Any], locked: Locked, bad: set[str]
) -> list[Finding]:
    """Compare one receipt with the one that commit, params and bytes give."""
    path = f"{out}/{IDENTITY_FILE}"
    try:
        item = {str(key): str(value) for key, value in told["item"].items()}
        address = address_of(str(told["stage"]), item, entry)
        made_of = build_identity(node.name, item, int(told["seed"]), locked.root, tree=locked.sha256)
        sections = {name: dict(told[name]) for name in SECTIONS}
    except (KeyError, TypeError, ValueError, AttributeError):
        return [Finding(path, "receipt", "not a receipt this version writes", out)]
    except StreamoError as error:
        return [Finding(path, "receipt", str(error), out)]
    findings = []
    if address != node.address:
        findings.append(Finding(path, "receipt", f"of {address}, but {node.address} makes this", out))
    if "seed" in made_of["params"] and told["seed"] != made_of["params"]["seed"]:
        findings.append(Finding(path, "receipt", f"seed {told['seed']}, not that of params.yaml", out))
    for section in SECTIONS:
        for key in different(sections[section], made_of[section]):
            if section == "inputs" and touches(key, bad):
                continue
            detail = f"{section}: {key}: {sections[section].get(key)}, by commit and bytes it is "
            findings.append(Finding(path, "receipt", f"{detail}{made_of[section].get(key)}", out))
    return findings
