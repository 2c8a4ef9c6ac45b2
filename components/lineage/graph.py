"""The reader of DVC's graph: the only place from which the flow, the plan and the audit learn the stages."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import InternalError, UsageError


@dataclass(frozen=True)
class Node:
    """One stage of DVC's graph, a pinned data source (`data.dvc`) included."""

    address: str  # what `dvc repro` takes: `corpus`, `train@qwen2_5_vl-focal-0`, `data.dvc`
    is_source: bool  # pinned by `dvc add` or imported: it has no command
    upstream: tuple[str, ...]  # addresses it depends on, sorted
    deps: tuple[str, ...]  # paths, relative to the root, POSIX
    outs: tuple[str, ...]

    @property
    def name(self) -> str:
        """The stage's name in dvc.yaml, without its matrix item."""
        return self.address.partition("@")[0]


class Graph:
    """Nodes in an order in which every stage comes after what it depends on (ties by address)."""

    def __init__(self, nodes: list[Node]):
        self.nodes: dict[str, Node] = {}
        waiting = {node.address: node for node in sorted(nodes, key=lambda node: node.address)}
        while waiting:
            ready = next((n for n in waiting.values() if all(u in self.nodes for u in n.upstream)), None)
            if ready is None:
                raise InternalError(f"the stages form a circle or name unknown ones: {', '.join(waiting)}")
            self.nodes[ready.address] = waiting.pop(ready.address)
        # Number of stages on the longest chain of followers, itself included.
        self.depth: dict[str, int] = {}
        for node in reversed(self.nodes.values()):
            self.depth.setdefault(node.address, 1)
            for other in node.upstream:
                self.depth[other] = max(self.depth.get(other, 1), self.depth[node.address] + 1)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, address: str) -> Node:
        return self.nodes[address]

    def downstream(self, addresses: set[str]) -> set[str]:
        """The given addresses and everything that depends on one of them."""
        found = set(addresses)
        for node in self:  # in order, so one pass reaches everything
            if found.intersection(node.upstream):
                found.add(node.address)
        return found

    def upstream(self, addresses: set[str]) -> set[str]:
        """The given addresses and everything they depend on."""
        found = set(addresses)
        for node in reversed(self.nodes.values()):
            if node.address in found:
                found.update(node.upstream)
        return found

    def select(self, targets: list[str]) -> "Graph":
        """The part that `targets` need (all where empty); a target is an address or a stage name.

        Raises:
            UsageError: no stage has that address or name.

        """
        if not targets:
            return self
        chosen: set[str] = set()
        for target in targets:
            found = {node.address for node in self if target in (node.address, node.name)}
            if not found:
                raise UsageError(f"no stage {target!r}; known: {', '.join(self.nodes)}")
            chosen |= found
        needed = self.upstream(chosen)
        return Graph([node for node in self if node.address in needed])

    def maker(self, path: str) -> Node | None:
        """The node whose product is `path` or holds it."""
        for node in self:
            if any(path == out or path.startswith(f"{out}/") for out in node.outs):
                return node
        return None


def read_graph(root: Path = Path()) -> Graph:
    """Every stage of the checkout at `root`, as DVC itself expands dvc.yaml and the .dvc files."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            graph = repo.index.graph
            return Graph([_node(stage, graph.successors(stage), Path(repo.root_dir)) for stage in graph])
    except DvcException as error:
        raise UsageError(f"{root / 'dvc.yaml'}: DVC cannot read the stages: {error}") from error


def address_of(stage: Any, root: Path) -> str:
    """What `dvc repro` takes when run in `root`; DVC's own `addressing` depends on the current folder."""
    path = os.path.relpath(stage.path, root)
    name = getattr(stage, "name", None)
    if name is None:
        return path
    return str(name) if path == "dvc.yaml" else f"{path}:{name}"


def _node(stage: Any, upstream: Iterable[Any], root: Path) -> Node:
    return Node(
        address=address_of(stage, root),
        is_source=stage.cmd is None,
        upstream=tuple(sorted(address_of(other, root) for other in upstream)),
        deps=tuple(_path(dep, root) for dep in stage.deps if not hasattr(dep, "params")),
        outs=tuple(_path(out, root) for out in stage.outs),
    )


def _path(entry: Any, root: Path) -> str:
    """Path of a dependency or output below the root; outside it (an import's source) DVC's own name."""
    path = Path(str(entry.fs_path))
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(entry)
