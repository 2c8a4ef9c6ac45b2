"""`python -m flows.deploy` (`streamo deploy`): work pools, limits, deployments and triggers.

Called again it changes what differs and nothing else.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from components.core.errors import DataError, StreamoError, UsageError
from components.core.files import dumps, write_text
from flows.lost import CHECKOUT, watch_for_lost_runs
from flows.pools import FILE, Pool, read_pools
from flows.reach import require_server
from flows.server import configure
from flows.work_pools import make_pools, stage_deployment, work_pools

PREFECT_YAML = "prefect.yaml"
DEPLOYED = Path("runs/prefect/deployed.yaml")  # prefect.yaml and the deployments of the pools
DEPLOY_S = 300.0


@dataclass(frozen=True)
class Deployed:
    """What the server holds of one deployment."""

    name: str
    pool: str
    limit: int | None
    cron: str | None
    active: bool


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping; a missing or other file is a UsageError that names it."""
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path}: not found; run from the root of the checkout") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(value, dict):
        raise UsageError(f"{path}: expected a mapping")
    return value


def all_deployments(own: Sequence[Mapping[str, Any]], pools: Sequence[Pool]) -> list[dict[str, Any]]:
    """The deployments of prefect.yaml, then the `run-stage` of every pool that stages can be routed to.

    Raises:
        UsageError: two deployments of one name, or one that wants a pool that is not made here.

    """
    made = {full_name(entry): entry for entry in map(stage_deployment, pools)}
    for entry in own:
        pool = entry["work_pool"]["name"]
        if full_name(entry) in made:
            raise UsageError(f"{PREFECT_YAML}: {full_name(entry)} is made from {FILE}: take it out")
        if pool not in work_pools(pools):
            raise UsageError(f"{PREFECT_YAML}: {entry['name']} wants pool {pool!r}, not in {FILE}")
    return [*map(dict, own), *made.values()]


def run_prefect(root: Path, content: Mapping[str, Any]) -> None:
    """`prefect deploy --all` for a prefect.yaml of that content, which it leaves at `DEPLOYED` to be read.

    Raises:
        DataError: it failed; the message holds the end of what it said.

    """
    write_text(root / DEPLOYED, yaml.safe_dump(dict(content), sort_keys=False))
    paths = [str(root), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    environment.pop(CHECKOUT, None)  # or it would be filled in here and not where a worker runs
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(DEPLOYED)],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEPLOY_S,
        check=False,
    )
    if done.returncode != 0:
        raise DataError(
            f"prefect deploy ended with {done.returncode}: {' '.join(done.stdout[-1500:].split())}"
        )


def activate(names: Sequence[str], schedules: Mapping[str, str | None]) -> list[Deployed]:
    """Switch schedules on, with a cron where one is given; returns every deployment as the server has it.

    Raises:
        DataError: a deployment is not on the server, or has no schedule to switch on.

    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.schedules import CronSchedule
    from prefect.exceptions import ObjectNotFound

    found = []
    with get_client(sync_client=True) as client:
        for name in names:
            try:
                deployment = client.read_deployment_by_name(name)
            except ObjectNotFound:
                raise DataError(
                    f"{name} is not on the server although prefect deploy said nothing; see {PREFECT_YAML}"
                ) from None
            short = name.rpartition("/")[2]
            if short in schedules:
                if not deployment.schedules:
                    raise DataError(f"{short} has no schedule in {PREFECT_YAML} to switch on")
                cron = schedules[short]
                client.update_deployment_schedule(
                    deployment.id,
                    deployment.schedules[0].id,
                    active=True,
                    schedule=CronSchedule(cron=cron, timezone="UTC") if cron else None,
                )
                deployment = client.read_deployment_by_name(name)
            limit = deployment.global_concurrency_limit
            timing = deployment.schedules[0] if deployment.schedules else None
            found.append(
                Deployed(
                    name,
                    str(deployment.work_pool_name),
                    limit.limit if limit else None,
                    getattr(timing.schedule, "cron", None) if timing else None,
                    bool(timing and timing.active),
                )
            )
    return found


def deploy(root: Path, schedules: Mapping[str, str | None]) -> list[Deployed]:
    """Bring the server that PREFECT_API_URL names in line with prefect.yaml and the pools."""
    configure(root / "runs" / "prefect", quiet=False)
    content, pools = read_yaml(root / PREFECT_YAML), read_pools(root / FILE)
    entries = all_deployments(content["deployments"], pools)
    if unknown := sorted(set(schedules) - {entry["name"] for entry in entries}):
        raise UsageError(f"--schedule {unknown[0]}: no such deployment in {PREFECT_YAML}")
    require_server()
    make_pools(pools)
    watch_for_lost_runs()
    run_prefect(root, {**content, "deployments": entries})
    names = [full_name(entry) for entry in entries]
    return activate(names, schedules)


def full_name(entry: Mapping[str, Any]) -> str:
    """`flow/deployment`: the flow's name is that of its function, in words of dashes."""
    flow = str(entry["entrypoint"]).rpartition(".")[2].replace("_", "-")
    return f"{flow}/{entry['name']}"


def parse_schedule(text: str) -> tuple[str, str | None]:
    """`NAME` or `NAME=CRON`."""
    name, _, cron = text.partition("=")
    return name, cron or None


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, deploy, say what is there and what to do next."""
    parser = argparse.ArgumentParser(prog="streamo deploy", description=__doc__)
    parser.add_argument(
        "--schedule", metavar="NAME[=CRON]", action="append", default=[], type=parse_schedule,
        help="switch a schedule on, with the cron of prefect.yaml or this one (UTC)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object a deployment")
    args = parser.parse_args(argv)
    try:
        found = deploy(Path.cwd(), dict(args.schedule))
    except StreamoError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return error.exit_code
    if args.json:
        print("".join(dumps(asdict(row), indent=None) for row in found), end="")
        return 0
    for row in found:
        timing = f"cron {row.cron} ({'active' if row.active else 'off'})" if row.cron else "no schedule"
        print(f"{row.name:24} pool {row.pool:8} at once {row.limit or '-'}   {timing}")
    pools = " and ".join(sorted({row.pool for row in found}))
    print(f"a worker of each pool runs them ({pools}): python -m flows.worker --pool NAME")
    return 0


if __name__ == "__main__":
    sys.exit(main())
