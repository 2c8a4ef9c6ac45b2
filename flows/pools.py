"""`infra/pools.yaml`: which stages run on which work pool, and whether they are to."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.core.errors import UsageError
from components.lineage.graph import Graph

FILE = Path("infra/pools.yaml")
SWITCH = "STREAMO_POOLS"
KEYS = {"type", "stages", "lost_after_s", "start_after_s"}
OPTIONAL = {"on_demand", "again"}


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

    """

    name: str
    kind: str
    stages: tuple[str, ...]
    lost_after_s: float
    start_after_s: float
    on_demand: bool = False
    again: int = 0


def pools_on(option: bool = False) -> bool:
    """Whether stages go to their pools: by the option, else by STREAMO_POOLS (`on`, `off`; default off).

    Raises:
        UsageError: STREAMO_POOLS holds something else.

    """
    value = os.environ.get(SWITCH, "off")
    if value not in {"on", "off"}:
        raise UsageError(f"{SWITCH}={value}: expected on or off")
    return option or value == "on"


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
        raise UsageError(f"{where}: expected the keys {', '.join(sorted(KEYS))}, perhaps on_demand, again")
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
    stages = tuple(str(stage) for stage in entry["stages"])
    return Pool(name, str(entry["type"]), stages, float(seconds[0]), float(seconds[1]), on_demand, again)


def route(graph: Graph, pools: list[Pool]) -> Mapping[str, Pool]:
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
