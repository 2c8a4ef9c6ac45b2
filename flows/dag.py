"""The Prefect flow: one task per stage of DVC's graph, same names, same edges."""

import functools
import os
import queue
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.states import Completed

from components.core.errors import DataError
from components.core.lock import checkout_lock
from components.lineage.graph import read_graph
from components.lineage.pathlock import mend_path_locks
from components.lineage.runs import FLOW_RUN
from components.lineage.schedule import startable
from components.lineage.strays import remove_strays
from flows.artifacts import Board, show_reproduction
from flows.lost import end_with_worker
from flows.outcome import CACHED
from flows.pools import FILE, asked_pools, read_pools, route, select
from flows.record import write_flow_record
from flows.stages import StageRunner

HEARTBEAT_S = 30.0
FINE = {"Completed", "Cached"}


# json: Prefect stores the exception of a failed flow whatever persist_result says, by default as a pickle.
@flow(name="reproduce", log_prints=False, persist_result=False, result_serializer="json")
def reproduce(
    targets: list[str] | None = None, jobs: int | None = None, pools: bool | str = False
) -> dict[str, str]:
    """Bring the checkout in the current folder up to date with its dvc.yaml.

    Args:
        targets: stage names or addresses; with what they need, nothing else runs. None: everything.
        jobs: stages at once (default: the cores this process may use).
        pools: send stages to their work pools of `infra/pools.yaml`: True for all, or names (`gpu,labels`);
            STREAMO_POOLS does the same.

    Returns:
        Address -> `Completed` (its command ran) or `Cached`.

    Raises:
        DataError: stages failed; the message names them, their logs and what did not run for it. Or another
            machine is wanted and there is none, before anything runs.

    """
    end_with_worker()
    root = Path.cwd()
    with checkout_lock(root, "the flow reproduce"):
        slots = jobs or len(os.sched_getaffinity(0))
        return reproduce_locked(root, targets or [], slots, asked_pools(pools))


def reproduce_locked(root: Path, targets: list[str], jobs: int, pools: str) -> dict[str, str]:
    """The body of `reproduce`, for the holder of the checkout lock."""
    if broken := mend_path_locks(root):
        print(f"removed {broken}: half written by a killed DVC", flush=True)
    whole = read_graph(root)
    for stray in remove_strays(whole, root):
        print(f"removed {stray}: a product of a stage that is no longer in the DAG", flush=True)
    graph = whole.select(targets)
    if flow_run.id:
        os.environ[FLOW_RUN] = str(flow_run.id)  # the records of the stages below name their flow run
    away = route(whole, select(read_pools(root / FILE), pools)) if pools else {}
    runner = StageRunner(graph, root, jobs, away)
    runner.announce()
    runner.elsewhere.check(runner.suspects)
    board = Board(runner.console.say)
    try:
        states = drive(runner, board)
    except BaseException:  # a signal reaches the main thread here: nothing may outlive the flow
        runner.children.stop()
        runner.elsewhere.stop()
        raise
    write_flow_record(root, runner.logs.name, states)
    failed = [runner.failures.get(a, f"{a}: {s}") for a, s in states.items() if s not in {*FINE, "NotReady"}]
    idle = [address for address, state in states.items() if state == "NotReady"]
    show_reproduction(board, root, states, failed)
    if failed:
        raise DataError(f"{'; '.join(failed)}; not run for it: {', '.join(idle) or 'nothing'}")
    return states


def drive(runner: StageRunner, board: Board) -> dict[str, str]:
    """Submit every stage when what it depends on is over and a core is free; wait for all of them.

    A stage whose upstream failed is submitted too: Prefect ends it as NotReady, and so on downwards.
    """
    graph, running = runner.graph, set[str]()
    futures: dict[str, PrefectFuture[Any]] = {}
    over: queue.SimpleQueue[str] = queue.SimpleQueue()
    states: dict[str, str] = {}
    while runner.waiting or running:
        away = runner.elsewhere.addresses
        idle = running - runner.suspects - away.keys()  # what is known to be unchanged costs no core
        for address in startable(graph, runner.waiting, running, runner.slots + len(idle), away):
            runner.waiting.discard(address)
            running.add(address)
            upstream = [futures[other] for other in graph[address].upstream]
            futures[address] = submit(runner, address, upstream)
            futures[address].add_done_callback(functools.partial(_tell, over, address))
        try:
            finished = over.get(timeout=HEARTBEAT_S)
        except queue.Empty:
            runner.console.heartbeat()
            continue
        running.discard(finished)
        futures[finished].wait()  # it is over; this fetches the final state, where the server may lag behind
        states[finished] = str(futures[finished].state.name)
        pinned = graph[finished].is_source and states[finished] == CACHED
        runner.console.ended(finished, "as pinned" if pinned else states[finished])
        board.show_progress(len(states), len(graph), f"{finished}: {states[finished]}")
    return states


def _tell(over: queue.SimpleQueue[str], address: str, future: PrefectFuture[Any]) -> None:
    over.put(address)


def submit(runner: StageRunner, address: str, upstream: list[PrefectFuture[Any]]) -> PrefectFuture[Any]:
    """One Prefect task run named by the stage, behind the runs of the stages it depends on."""

    @task(
        name=address,
        task_run_name=address,
        cache_policy=NO_CACHE,  # DVC is the only cache
        persist_result=False,
        retries=0,
    )
    def run_stage() -> State[Any]:
        state = runner.run(address)
        return (
            Completed(name=CACHED, message="unchanged")
            if state == CACHED
            else Completed(message="its command ran")
        )

    return run_stage.submit(return_state=False, wait_for=upstream)
