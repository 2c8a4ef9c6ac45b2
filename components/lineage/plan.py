"""What a run would do, stage by stage, and what it would cost here by earlier runs; runs nothing."""

from dataclasses import dataclass
from pathlib import Path

from components.lineage.graph import Graph, read_graph
from components.lineage.history import last_peak_mb, last_seconds
from components.lineage.schedule import time_left
from components.lineage.status import read_status, to_look_at

RUN, MAYBE, COMPARE, SKIP = "run", "look again", "compare", "skip"


@dataclass(frozen=True)
class Step:
    """One stage of the plan.

    Attributes:
        address: what `dvc repro` takes.
        action: `run` (its inputs, command or products differ), `look again` (something above it runs; if
            that gives the same bytes, this is skipped), `compare` (a pinned source is compared with its
            pin, never re-made) or `skip`.
        why: sentences.
        seconds: duration of its last completed run here, None if there is none.
        peak_mb: peak memory of that run in MiB.

    """

    address: str
    action: str
    why: list[str]
    seconds: float | None
    peak_mb: float | None


@dataclass(frozen=True)
class Plan:
    """Steps in an order that respects the graph, and the seconds of all that is not skipped."""

    steps: list[Step]
    seconds: float
    unknown: int  # stages in it whose duration is not known here


def make_plan(targets: list[str], slots: int, root: Path = Path()) -> Plan:
    """The plan for `targets` (stage names or addresses; empty: everything) with `slots` stages at once."""
    graph = read_graph(root).select(targets)
    changed = {address: why for address, why in read_status(root).items() if address in graph.nodes}
    suspects = to_look_at(graph, changed)
    steps = [_step(graph, node.address, changed, suspects, root) for node in graph]
    open_steps = [step for step in steps if step.action != SKIP]
    known = {step.address: step.seconds for step in open_steps if step.seconds is not None}
    unknown = sum(step.seconds is None and not graph[step.address].is_source for step in open_steps)
    return Plan(steps, time_left(graph, {step.address for step in open_steps}, {}, known, slots), unknown)


def _step(graph: Graph, address: str, changed: dict[str, list[str]], suspects: set[str], root: Path) -> Step:
    above = [other for other in graph[address].upstream if other in suspects]
    if graph[address].is_source and address in changed:
        mend = "where it differs: `make data`, or `dvc add` to accept what is there"
        action, why = COMPARE, [*changed[address], mend]
    elif address in changed:
        action, why = RUN, changed[address]
    elif address in suspects:
        action, why = MAYBE, [f"{', '.join(above)} may give other bytes"]
    else:
        action, why = SKIP, ["nothing changed"]
    return Step(address, action, why, last_seconds(address, root), last_peak_mb(address, root))
