"""The audit of a workspace: pins, receipts, cache objects, the chain from every model to the raw bytes."""

from pathlib import Path
from typing import Any

from components.audit.cache import cache_dir, check_cache
from components.audit.findings import Finding, Report
from components.audit.hasher import Hasher
from components.audit.pins import check_pin, dep_pins, out_pins, read_lock
from components.audit.receipts import check_receipt, gate_findings, touches
from components.core.errors import DataError
from components.lineage.graph import Graph, read_graph
from components.lineage.identity import is_code
from components.lineage.tree import path_md5


def audit_workspace(root: Path = Path()) -> Report:
    """Re-hash everything in the checkout at `root`; never trusts a size, an mtime or DVC's state database."""
    graph, lock, hasher, report = read_graph(root), read_lock(root), Hasher(root), Report()
    cache = cache_dir(root)
    report.findings += never_ran(graph, lock)
    pins = out_pins(graph, lock, root)
    for pin in pins:
        report.findings += check_pin(pin, hasher, cache)
    bad = {finding.path for finding in report.findings}
    stale_code = _check_receipts(graph, root, hasher, report, bad)
    report.findings += _stale_inputs(graph, lock, hasher, bad | stale_code)
    report.findings += [f for out in _products(graph, "validate") for f in gate_findings(root, out)]
    cache_findings, objects = check_cache(cache, hasher)
    report.findings += cache_findings
    report.findings = sorted(set(report.findings))
    report.notes = sorted(set(report.notes))
    report.chains = [chain(graph, out, report.findings) for out in _models(graph)]
    report.counts = {
        "stages": len(graph),
        "products": len(pins),
        "cache_objects": objects,
        "files": hasher.files,
        "bytes": hasher.bytes,
    }
    return report


def never_ran(graph: Graph, lock: dict[str, Any]) -> list[Finding]:
    """Products of stages that have no entry in dvc.lock."""
    missing = [node for node in graph if not node.is_source and node.address not in lock]
    return [
        Finding(out, "never_ran", f"dvc.lock has no {node.address}") for node in missing for out in node.outs
    ]


def _products(graph: Graph, name: str) -> list[str]:
    return [out for node in graph if node.name == name for out in node.outs]


def _models(graph: Graph) -> list[str]:
    return [out for node in graph for out in node.outs if out.startswith("models/")]


def _check_receipts(graph: Graph, root: Path, hasher: Hasher, report: Report, bad: set[str]) -> set[str]:
    """Add what the receipts say; returns the code files that changed since."""
    stale = set()
    for node in graph:
        for out in node.outs:
            if node.is_source or not (root / out).is_dir():
                continue
            findings, notes = check_receipt(node, out, hasher, bad)
            report.findings += findings
            report.notes += notes
            stale |= {finding.path for finding in findings if finding.kind == "stale_code"}
    return stale


def _stale_inputs(graph: Graph, lock: dict[str, Any], hasher: Hasher, known: set[str]) -> list[Finding]:
    """Inputs that are no longer what dvc.lock says a stage read, where nothing named so far explains it."""
    findings, now = [], dict[str, str]()
    for pin in dep_pins(graph, lock):
        if touches(pin.path, known):
            continue
        if pin.path not in now:
            now[pin.path] = _current(pin.path, hasher)
        if now[pin.path] != pin.md5:
            kind = "stale_code" if is_code(pin.path) else "stale_input"
            findings.append(
                Finding(pin.path, kind, f"{pin.stage} ran with {pin.md5}, here is {now[pin.path]}")
            )
    return findings


def _current(path: str, hasher: Hasher) -> str:
    try:
        return path_md5(Path(path), hasher.ignore)
    except DataError:
        return "nothing"


def chain(graph: Graph, model: str, findings: list[Finding]) -> dict[str, Any]:
    """The walk from a model through dataset, validation and annotations to the raw videos.

    Every product on the way stands with whether its own bytes and receipt verify; `verified` is the whole.
    """
    maker = graph.maker(model)
    below = graph.upstream({maker.address}) if maker else set()
    bad = {finding.path for finding in findings if finding.kind != "cache_object"}
    links = [
        {
            "stage": node.address,
            "path": out,
            "verified": not touches(out, bad),
            "upstream": list(node.upstream),
        }
        for node in reversed(list(graph))
        if node.address in below
        for out in node.outs
    ]
    return {"model": model, "verified": all(link["verified"] for link in links), "links": links}
