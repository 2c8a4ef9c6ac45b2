"""Stages `annotate@task-shard` and `ground@shard`: the corpus -> artifacts/annotations/<task>-<shard>.

`estimate` is no stage: what teacher openai would ask, take and cost, before the first call.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from components.lineage.stage import enter

enter()

from components.annotate.ground import TASK as GROUND
from components.annotate.outcome import Outcome
from components.annotate.reviewed import reviewed
from components.annotate.run import BUILDERS
from components.annotate.settings import (
    Settings,
    annotate_shard,
    estimate_shard,
    ground_shard,
    openai_section,
    staged_tasks,
)
from components.annotate.shards import parse_shard
from components.core import params
from components.core.errors import exit_code
from components.core.files import dumps
from components.lineage.stage import Stage, stage


def main(argv: list[str] | None = None) -> int:
    """Run one stage, or the dry run of one; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m components.annotate", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    task = commands.add_parser("task", help="one task of one shard")
    estimate = commands.add_parser(
        "estimate", help="calls, tokens and cost of one task, before the first call"
    )
    for command in (task, estimate):
        command.add_argument("--task", choices=sorted(BUILDERS), required=True)
        command.add_argument("--shard", required=True)
    estimate.add_argument("--json", action="store_true", help="print one JSON object")
    commands.add_parser("ground", help="event grounding of one shard").add_argument("--shard", required=True)
    arguments = parser.parse_args(argv)
    if arguments.command == "ground":
        return exit_code("ground", lambda: run_ground(arguments.shard))
    if arguments.command == "estimate":
        return exit_code("estimate", lambda: run_estimate(arguments))
    return exit_code("annotate", lambda: run_task(arguments))


def run_task(arguments: argparse.Namespace) -> None:
    """Stage annotate."""
    item = {"task": arguments.task, "shard": arguments.shard}
    with stage("annotate", f"artifacts/annotations/{arguments.task}-{arguments.shard}", item=item) as st:
        settings = replace(_settings(st, arguments.shard), openai=openai_section(st.param))
        finish(reviewed(annotate_shard(arguments.task, settings), settings), st)


def run_estimate(arguments: argparse.Namespace) -> None:
    """Print what stage annotate would ask with teacher openai; asks nobody and makes no product."""
    outside = Outside()
    settings = replace(_settings(outside, arguments.shard), openai=openai_section(outside.param))
    plan = estimate_shard(arguments.task, settings)
    print(dumps(plan.plain(), indent=None) if arguments.json else "\n".join([*plan.lines(), ""]), end="")


class Outside:
    """params.yaml for a command that is no stage: any key may be read."""

    def param(self, key: str) -> Any:
        """A value by dotted key."""
        return params.get(key)

    @property
    def seed(self) -> int:
        """Params `seed`."""
        return int(params.get("seed"))


def run_ground(shard: str) -> None:
    """Stage ground; its queries are the captions of the same shard."""
    captions = Path(f"artifacts/annotations/event_caption-{shard}/labels.json")
    with stage("ground", f"artifacts/annotations/{GROUND}-{shard}", item={"shard": shard}) as st:
        settings = replace(_settings(st, shard), tasks=staged_tasks(st.param))
        finish(reviewed(ground_shard(captions, settings), settings), st)


def _settings(st: Stage | Outside, shard: str) -> Settings:
    shards = st.param("annotate.shards")
    return Settings(
        teacher=st.param("annotate.teacher"),
        labels=Path(st.param("annotate.labels")),
        media=Path(st.param("corpus.media")),
        manifest=Path("artifacts/corpus/manifest.parquet"),
        weights=st.param("annotate.weights"),
        shard=parse_shard(shard, shards),
        shards=shards,
        seed=st.seed,
    )


def finish(outcome: Outcome, st: Stage) -> None:
    """Write the product and say in a line what is in it."""
    outcome.write(st.dir)
    st.record.extra["annotate"] = outcome.summary
    aside = "".join(f", {reason} {count}" for reason, count in outcome.summary["reasons"].items())
    print(f"{st.name}: {len(outcome.labels)} labels, {len(outcome.quarantine)} set aside{aside}")


if __name__ == "__main__":
    sys.exit(main())
