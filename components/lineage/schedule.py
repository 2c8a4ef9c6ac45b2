"""Which stages may start now, and how long the rest will take."""

from collections.abc import Collection, Mapping

from components.lineage.graph import Graph

# Stages of one name that may run side by side, however many cores there are: a training holds about 2 GB.
LIMITS: Mapping[str, int] = {"train": 2}


def startable(
    graph: Graph,
    waiting: Collection[str],
    running: Collection[str],
    slots: int,
    elsewhere: Collection[str] = (),
) -> list[str]:
    """Addresses of `waiting` to start now, given what runs; whoever is neither counts as finished.

    Those with the longest chain of followers come first: the critical path never waits behind others. Those
    in `elsewhere` run on other machines, where their pool bounds them: they take no slot here.
    """
    busy = [address for address in running if address not in elsewhere]
    unfinished = {*waiting, *running}
    chosen: list[str] = []
    for address in sorted(waiting, key=lambda a: (-graph.depth[a], a)):
        name = graph[address].name
        same = sum(graph[other].name == name for other in busy)
        if not unfinished.isdisjoint(graph[address].upstream):
            continue
        if address in elsewhere:
            chosen.append(address)
        elif len(busy) < slots and same < LIMITS.get(name, slots):
            chosen.append(address)
            busy.append(address)
    return chosen


def time_left(
    graph: Graph,
    waiting: Collection[str],
    running: Mapping[str, float],
    seconds: Mapping[str, float],
    slots: int,
    elsewhere: Collection[str] = (),
) -> float:
    """Seconds until everything is done, by playing `startable` forward; unknown durations count as 0.

    Args:
        graph: all stages.
        waiting: addresses not yet started.
        running: address -> seconds it has run for.
        seconds: address -> expected duration.
        slots: stages that may run at once.
        elsewhere: addresses that take no slot here.

    """
    todo = set(waiting)
    active = {address: max(0.0, seconds.get(address, 0.0) - spent) for address, spent in running.items()}
    now = 0.0
    while todo or active:
        for address in startable(graph, todo, active, slots, elsewhere):
            todo.discard(address)
            active[address] = seconds.get(address, 0.0)
        if not active:  # what is left waits for a stage outside this graph: nothing can be said
            return now
        first = min(active, key=lambda address: active[address])
        step = active.pop(first)
        now += step
        active = {address: left - step for address, left in active.items()}
    return now
