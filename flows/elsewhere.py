"""The stages of one flow run that go to other machines: asked for at the start, packed, sent, taken in."""

import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.lineage.committed import check_committed
from components.lineage.graph import Graph
from components.lineage.job_here import check_remote
from flows.children import Children
from flows.dispatch import Dispatcher, check_pool
from flows.pools import Pool

STEPS = "components.lineage.offload"


class Elsewhere:
    """Where stages run.

    Args:
        graph: all stages of the flow run.
        root: the checkout.
        children: of the flow run.
        logs: folder of the flow run's logs.
        away: address -> pool, also of stages that are not in `graph`.

    Attributes:
        addresses: of the stages that run on other machines, with their pools.

    """

    def __init__(self, graph: Graph, root: Path, children: Children, logs: Path, away: Mapping[str, Pool]):
        self.graph, self.root, self.children, self.logs = graph, root, children, logs
        self.addresses = {address: pool for address, pool in away.items() if address in graph.nodes}
        self.jobs = Dispatcher()

    def check(self, suspects: Collection[str]) -> None:
        """Said before anything runs: would another machine take what may have to run there?

        Args:
            suspects: addresses that may run.

        Raises:
            DataError: this checkout differs from its commit, there is no DVC remote, or a pool has no live
                worker.

        """
        due = sorted(set(self.addresses) & set(suspects))
        if not due:
            return
        check_committed(self.root, sorted({dep for address in due for dep in self.graph[address].deps}))
        check_remote(self.root)
        for pool in dict.fromkeys(self.addresses[address] for address in due):
            check_pool(pool)

    def describe(self, suspects: Collection[str]) -> list[str]:
        """A line for each pool that may be used, for people."""
        lines = []
        for pool in dict.fromkeys(self.addresses.values()):
            due = [a for a in self.addresses if a in suspects and self.addresses[a] == pool]
            if due:
                lines.append(f"on pool {pool.name}: {', '.join(due)}")
        return lines

    def run(self, address: str, say: Callable[[str], None]) -> None:
        """Have one stage run on its pool, and take its products in.

        Raises:
            DataError: why it did not end well; nothing of it is in the workspace or in dvc.lock then.

        """
        job, answer = self.logs / f"{address}.job.json", self.logs / f"{address}.answer.json"
        self._step(address, say, "pack", str(job), "--address", address)
        given = self.jobs.run(self.addresses[address], read_json(job), say)
        write_json(answer, given)
        self._step(address, say, "accept", str(job), "--answer", str(answer))

    def stop(self) -> None:
        """Cancel what runs elsewhere; for the way out of a flow."""
        self.jobs.stop()

    def _step(self, address: str, say: Callable[[str], None], step: str, *words: str) -> None:
        log = self.logs / f"{address}.{step}.log"
        finished = self.children.run([sys.executable, "-m", STEPS, step, *words], log, say)
        if finished.returncode:
            said = " | ".join(line for line in finished.lines[-2:] if line.strip())
            raise DataError(f"{address}: {step} failed: {said} (see {log.relative_to(self.root)})")
