"""The audit of one registered version: from its tag to the raw videos, whatever the workspace holds now."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from components.audit.commit import checkout, has_commit
from components.audit.findings import Finding, VersionReport
from components.audit.locked import Locked
from components.audit.number import Reader
from components.audit.numbers import check_numbers
from components.audit.objects import Objects, open_objects
from components.audit.pins import out_pins, read_lock
from components.audit.raw_videos import check_videos
from components.audit.version_chain import version_chain
from components.audit.version_lock import chain_findings, object_findings, param_findings
from components.audit.version_package import (
    Package,
    copy_findings,
    git_findings,
    json_of,
    manifest_findings,
    product_findings,
    read_package,
)
from components.audit.version_receipts import read_receipts, receipt_findings
from components.audit.workspace import never_ran
from components.core.params import load_all
from components.lineage.graph import Graph, read_graph
from components.registry.catalog import CHAMPION, find
from components.registry.copies import wanted
from components.registry.settings import read_settings
from components.registry.store import open_store


def audit_version(version: str, root: Path = Path(), *, offline: bool = False) -> VersionReport:
    """Re-hash a version from its package down to the raw videos.

    Args:
        version: as registered, e.g. `v0.0.3`, or `champion`.
        root: a checkout with the tags, and with the store and the DVC remotes in reach.
        offline: leave the DVC remotes out; what only they hold counts as missing.

    Raises:
        DataError: there is no such version, or a store or remote cannot be read.

    """
    settings = read_settings(root)
    if version == CHAMPION:
        version = find(root, CHAMPION).version
    package = read_package(open_store(settings.store), version)
    commit = str(package.manifest["commit"])
    report = VersionReport(version=version, commit=commit, findings=package.findings)
    report.findings += manifest_findings(root, package, settings.name)
    report.findings += git_findings(root, package, settings.name)
    report.counts = {"package_files": len(package.manifest["files"]), "bytes": package.bytes}
    if has_commit(root, commit):
        with checkout(root, commit) as tree, open_objects(root, offline=offline) as objects:
            walk(tree, package, objects, report, root)
    report.findings = sorted(set(report.findings))
    return report


def walk(tree: Path, package: Package, objects: Objects, report: VersionReport, root: Path) -> None:
    """Everything below the package: dvc.lock of the commit, objects, receipts, numbers, videos."""
    graph, lock = read_graph(tree), read_lock(tree)
    locked = Locked(tree, out_pins(graph, lock, tree), objects)
    reader = Reader(locked)
    found = report.findings
    found += never_ran(graph, lock)
    found += object_findings(locked)
    bad = {finding.path for finding in found}
    found += chain_findings(graph, lock, locked)
    found += param_findings(graph, lock, locked)
    receipts, unreadable = read_receipts(graph, locked)
    found += unreadable + receipt_findings(graph, receipts, locked, bad)
    found += product_findings(package, locked) + copy_findings(package, locked, copies(package))
    found += gates(graph, reader)
    numbers, wrong = check_numbers(locked, seed=int(load_all(tree).get("seed", 0)))
    report.videos, odd = check_videos(locked)
    found += wrong + odd
    model = f"models/{served(package)}"
    report.numbers = [asdict(number) for number in numbers]
    report.chains = [version_chain(graph, model, found, reader, receipts, root)]
    report.notes += notes(objects, report.videos)
    report.counts |= {
        "stages": len(graph),
        "products": len(locked.products),
        "objects": len(objects),
        "bytes": package.bytes + objects.bytes,
    }


def served(package: Package) -> str:
    """The model's name, of the product's own verdict where it was read: the manifest may have been edited."""
    verdict = json_of(package, "product/verdict.json")
    return str(package.manifest["model"] if verdict is None else verdict["candidate"]["model"])


def copies(package: Package) -> dict[str, str]:
    """`{path in the product: the file it was copied from}` of receipts, results and the model's files."""
    model = served(package)
    files = [
        path.removeprefix("product/") for path in package.manifest["files"] if path.startswith("product/")
    ]
    suites = sorted({path.split("/")[1] for path in files if path.startswith("evaluation/")})
    taken = {name: source for source, name in wanted(model, suites).items() if name in files}
    taken |= {path: path.removeprefix("receipts/") for path in files if path.startswith("receipts/")}
    verdict = json_of(package, "product/verdict.json")
    weights: Iterable[str] = verdict.get("files", {}) if verdict else ()
    return taken | {name: f"models/{model}/{name}" for name in weights}


def gates(graph: Graph, reader: Reader) -> list[Finding]:
    """The stored validation results of the commit, each a pass."""
    results: list[tuple[str, Any]] = [
        (f"{out}/result.json", reader.json(f"{out}/result.json"))
        for node in graph
        for out in node.outs
        if node.name == "validate"
    ]
    return [
        Finding(path, "gate", f"success is {value.get('success')}")
        for path, value in results
        if value is not None and value.get("success") is not True
    ]


def notes(objects: Objects, videos: dict[str, Any]) -> list[str]:
    """What is no fault of the version and an auditor wants to know."""
    said = []
    if len(objects.places) == 1:
        said.append("no DVC remote was looked at: the local cache is the only copy that was verified")
    elif alone := objects.only_local():
        said.append(f"{alone} objects are in no remote, only in the local cache: `dvc push` copies them")
    if without := videos.get("without_licence"):
        said.append(f"{len(without)} videos without a stated licence, the first: {', '.join(without[:5])}")
    return said
