"""`infra/pools.yaml`: which stages run on which work pool, and which of the pools are asked for."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.core.errors import UsageError
from components.lineage.graph import Graph

FILE = Path("infra/pools.yaml")
SWITCH = "STREAMO_POOLS"
KEYS = {"type", "stages", "lost_after_s", "start_after_s"}
OPTIONAL = {"on_demand", "again", "at_once"}
OFF, ON = "off", "on"


@dataclass(frozen=True)
class Pool:
    """One Prefect work pool.

    Attributes:
        name: of the work pool and of the deployment `run-stage/<name>`.
        kind: the pool's type in Prefect (`process`, `kubernetes`).
        stages: names in dvc.yaml, without `@...`.
        lost_after_s: seconds without a sign of life after which a running job is lost.
        start_after_s: the same for a job that a worker has taken and not begun.
        on_demand: workers come when there is work (Slurm) and leave: none need be alive at the start, and a
            job waits `start_after_s` for one.
        again: how often a job that was lost is asked for again while the pool has a live worker.
        at_once: jobs at once when `streamo deploy` makes the work pool; None: as many as it has workers.

    """

    name: str
    kind: str
    stages: tuple[str, ...]
    lost_after_s: float
    start_after_s: float
    on_demand: bool = False
    again: int = 0
    at_once: int | None = 1


def asked_pools(option: str | bool = False) -> str:
    """Which pools get their stages: by the option, else by STREAMO_POOLS, else none.

    Args:
        option: names with commas between them, `on` or True for every pool; False or "" asks for nothing.

    Returns:
        The same: names, `on`, or "" for none.

    """
    value = (ON if option is True else option) or os.environ.get(SWITCH, OFF)
    return "" if value == OFF else value


def select(pools: Sequence[Pool], asked: str) -> list[Pool]:
    """The pools that `asked_pools` returned.

    Raises:
        UsageError: a name that is none of theirs.

    """
    if asked in {"", ON}:
        return list(pools) if asked else []
    known = {pool.name: pool for pool in pools}
    names = [name.strip() for name in asked.split(",")]
    for name in names:
        if name not in known:
            raise UsageError(
                f"pools {asked!r} (--pools or {SWITCH}): {FILE} has no pool {name!r}; expected {OFF}, {ON} "
                f"for all of them, or names of {', '.join(known) or 'none'} with commas between"
            )
    return [known[name] for name in dict.fromkeys(names)]


def read_pools(path: Path) -> list[Pool]:
    """The pools of a file like `infra/pools.yaml`.

    Raises:
        UsageError: names the key that is missing, unknown or not of its kind.

    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from None
    pools = content.get("pools") if isinstance(content, dict) else None
    if not isinstance(pools, dict):
        raise UsageError(f"{path}: expected a mapping `pools`")
    return [_pool(f"{path}: pools.{name}", str(name), entry) for name, entry in pools.items()]


def _pool(where: str, name: str, entry: Any) -> Pool:
    if not isinstance(entry, dict) or set(entry) - OPTIONAL != KEYS:
        keys, perhaps = ", ".join(sorted(KEYS)), ", ".join(sorted(OPTIONAL))
        raise UsageError(f"{where}: expected the keys {keys}, perhaps {perhaps}")
    seconds = [entry["lost_after_s"], entry["start_after_s"]]
    if any(isinstance(value, bool) or not isinstance(value, int | float) or value <= 0 for value in seconds):
        raise UsageError(f"{where}: lost_after_s and start_after_s are positive seconds")
    if not isinstance(entry["stages"], list):
        raise UsageError(f"{where}.stages: expected a list of stage names")
    if not isinstance(on_demand := entry.get("on_demand", False), bool):
        raise UsageError(f"{where}.on_demand: expected true or false")
    again = entry.get("again", 0)
    if isinstance(again, bool) or not isinstance(again, int) or again < 0:
        raise UsageError(f"{where}.again: expected a whole number from 0 on")
    at_once = entry.get("at_once", 1)
    if at_once is not None and (isinstance(at_once, bool) or not isinstance(at_once, int) or at_once < 1):
        raise UsageError(f"{where}.at_once: expected a whole number from 1 on, or null")
    stages = tuple(str(stage) for stage in entry["stages"])
    lost, start = float(seconds[0]), float(seconds[1])
    return Pool(name, str(entry["type"]), stages, lost, start, on_demand, again, at_once)


def route(graph: Graph, pools: Sequence[Pool]) -> Mapping[str, Pool]:
    """Address -> pool of every stage that runs elsewhere.

    Raises:
        UsageError: a pool names a stage that is not in dvc.yaml, or two pools name the same.

    """
    names = {node.name for node in graph if not node.is_source}
    chosen: dict[str, Pool] = {}
    for pool in pools:
        for stage in pool.stages:
            if stage not in names:
                raise UsageError(f"{FILE}: pools.{pool.name} names stage {stage!r}, which dvc.yaml has not")
            if stage in chosen:
                raise UsageError(
                    f"{FILE}: stage {stage} is in two pools, {chosen[stage].name} and {pool.name}"
                )
            chosen[stage] = pool
    return {node.address: chosen[node.name] for node in graph if node.name in chosen}
