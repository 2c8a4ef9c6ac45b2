"""Runs one stage of DVC's graph as a child process, or says why it need not."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path

from components.core.errors import DataError
from components.core.progress import clock
from components.lineage.graph import Graph, Node
from components.lineage.history import last_seconds
from components.lineage.schedule import time_left
from components.lineage.status import read_status, to_look_at
from components.lineage.verify import verify_data
from flows.children import Children, Finished
from flows.console import Console
from flows.elsewhere import Elsewhere
from flows.outcome import CACHED, COMPLETED, outcome
from flows.pools import Pool


class StageRunner:
    """What all tasks of one flow run share: the graph, what is out of date, the children, the console.

    Attributes:
        changed: address -> reasons, for stages that DVC's status lists.
        suspects: addresses that must be looked at again: the changed ones and all that follows them.
        elsewhere: what runs on other machines.

    """

    def __init__(self, graph: Graph, root: Path, slots: int, away: Mapping[str, Pool]):
        self.graph, self.root, self.slots = graph, root, slots
        self.changed = {a: why for a, why in read_status(root).items() if a in graph.nodes}
        self.suspects = to_look_at(graph, self.changed)
        self.logs = root / "runs" / "logs" / time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        self.children = Children(root)
        self.elsewhere = Elsewhere(graph, root, self.children, self.logs, away)
        self.waiting = set(graph.nodes)
        expected = {address: last_seconds(address, root) for address in self.suspects}
        self.seconds = {address: value for address, value in expected.items() if value is not None}
        self.console = Console(len(graph), self.left)
        self.failures: dict[str, str] = {}  # address -> the message of its failure

    def announce(self) -> None:
        """Say what is ahead."""
        left = self.left()
        expected = f"; about {clock(left)} by earlier runs" if left else ""
        unchanged = len(self.graph) - len(self.suspects)
        self.console.say(
            f"{len(self.graph)} stages: {unchanged} unchanged, {len(self.suspects)} to look at, "
            f"{self.slots} at once; logs in {self.logs.relative_to(self.root)}{expected}"
        )
        for line in self.elsewhere.describe(self.suspects):
            self.console.say(line)

    def left(self) -> float | None:
        """Seconds until the flow ends, by the durations of earlier runs; None while one is unknown."""
        now = time.monotonic()
        running = {address: now - start for address, start in self.console.running.copy().items()}
        open_stages = (self.waiting | running.keys()) & self.suspects
        if any(not self.graph[a].is_source and a not in self.seconds for a in open_stages):
            return None
        todo, away = self.waiting - running.keys(), self.elsewhere.addresses
        return time_left(self.graph, todo, running, self.seconds, self.slots, away)

    def run(self, address: str) -> str:
        """Bring one stage up to date; returns COMPLETED or CACHED.

        Raises:
            DataError: its command failed; the message names the log.

        """
        node = self.graph[address]
        if address not in self.suspects:
            return CACHED
        return self._source(node) if node.is_source else self._reproduce(node)

    def _source(self, node: Node) -> str:
        """DVC would silently accept changed data as the new truth, so a pinned source is only compared.

        Once it is known to be as pinned, DVC may store its objects: on a fresh machine the cache lacks them.
        """
        try:
            verify_data(self.root, self.root / node.address)
        except DataError as error:
            self.failures[node.address] = str(error)
            raise
        self._dvc(node, ["commit", node.address])
        return CACHED

    def _reproduce(self, node: Node) -> str:
        why = "; ".join(self.changed.get(node.address, ["an input was looked at again"])[:3])
        if node.address in self.elsewhere.addresses:
            return self._send(node, why)
        self.console.started(node.address, why)
        finished = self._dvc(node, ["repro", "--single-item", node.address])
        return outcome(finished.lines, node.address)

    def _send(self, node: Node, why: str) -> str:
        """The same on another machine, where DVC would run the command."""
        dry = self._dvc(node, ["repro", "--dry", "--single-item", node.address], quiet=True)
        if outcome(dry.lines, node.address) == CACHED:
            return CACHED
        self.console.started(node.address, f"{why}; on pool {self.elsewhere.addresses[node.address].name}")
        try:
            self.elsewhere.run(node.address, lambda line: self.console.line(node.address, line))
        except DataError as error:
            self.failures[node.address] = str(error)
            raise
        return COMPLETED

    def _dvc(self, node: Node, words: list[str], *, quiet: bool = False) -> Finished:
        log = self.logs / f"{node.address}.log"
        finished = self.children.run(
            [sys.executable, "-m", "dvc", "--wait-for-lock", *words],
            log,
            lambda line: None if quiet else self.console.line(node.address, line),
        )
        if finished.returncode != 0:
            self.failures[node.address] = f"{node.address} failed, see {log.relative_to(self.root)}"
            raise DataError(self.failures[node.address])
        return finished
