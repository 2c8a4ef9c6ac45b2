"""The graph of a registered version as plain values: every stage of its commit with its product and facts."""

from pathlib import Path
from typing import Any

from components.audit.commit import checkout, has_commit
from components.audit.findings import Finding, VersionReport
from components.audit.locked import Locked
from components.audit.number import Reader
from components.audit.objects import open_objects
from components.audit.pins import out_pins, read_lock
from components.audit.raw_videos import check_videos
from components.audit.receipts import touches
from components.audit.version_chain import facts, runs_by_receipt
from components.audit.version_package import REGISTER
from components.audit.version_receipts import read_receipts
from components.core.errors import DataError
from components.lineage.graph import Graph, read_graph
from components.registry.catalog import find
from components.registry.settings import read_settings
from components.registry.store import open_store

Json = dict[str, Any]


def version_graph(
    version: str, audited: VersionReport | None = None, root: Path = Path(), *, offline: bool = False
) -> Json:
    """What a version was made of.

    Args:
        version: as registered, or `champion`.
        audited: its audit, whose findings mark the nodes; without one nothing is marked.
        root: a checkout with the tags, the store and the DVC remotes in reach.
        offline: leave the DVC remotes out; facts that only they could tell are then missing.

    Returns:
        `{"version", "commit", "stage", "model", "decision", "registered_at", "audit", "nodes", "videos"}`;
        a node is `{"stage", "path", "upstream", "md5", "files", "receipt", "about", "run", "verified"}`, a
        product before what it was made of; `upstream` leaves out what another upstream reaches anyway.

    Raises:
        DataError: there is no such version, or git does not have its commit.

    """
    known = find(root, version)
    manifest = open_store(read_settings(root).store).manifest(known.version)
    commit = str(manifest["commit"])
    if not has_commit(root, commit):
        raise DataError(
            f"{known.version}: commit {commit[:12]} is not in this repository; `git fetch --tags`"
        )
    with checkout(root, commit) as tree, open_objects(root, offline=offline) as objects:
        graph, lock = read_graph(tree), read_lock(tree)
        locked = Locked(tree, out_pins(graph, lock, tree), objects)
        reader, receipts = Reader(locked), read_receipts(graph, locked)[0]
        maker = graph.maker(REGISTER)
        shown = graph.upstream({maker.address}) if maker else set(graph.nodes)
        less, runs = reduced(graph), runs_by_receipt(root)
        nodes = [
            {
                "stage": node.address,
                "path": out,
                "upstream": less[node.address],
                "verified": mark(out, audited),
                **facts(out, reader, receipts, runs),
            }
            for node in reversed(list(graph))
            if node.address in shown
            for out in node.outs
        ]
        videos = check_videos(locked)[0]
    return {
        "version": known.version,
        "commit": commit,
        "stage": known.stage,
        "model": known.model,
        "decision": known.decision,
        "registered_at": known.registered_at,
        "audit": None if audited is None else audited.as_dict(),
        "nodes": nodes,
        "videos": videos,
    }


def mark(path: str, audited: VersionReport | None) -> bool | None:
    """Whether a product verifies; None without an audit."""
    if audited is None:
        return None
    return not touches(path, spoiled(audited.findings))


def spoiled(findings: list[Finding]) -> set[str]:
    """Paths of the workspace's layout that findings concern; those of the store alone are not among them."""
    return {f.product or f.path for f in findings if f.product != "store"}


def reduced(graph: Graph) -> dict[str, list[str]]:
    """Address -> upstream without what is reached through another one: the fewest arrows that say all."""
    below = {node.address: graph.upstream({node.address}) - {node.address} for node in graph}
    return {
        node.address: [
            other for other in node.upstream if not any(other in below[each] for each in node.upstream)
        ]
        for node in graph
    }
