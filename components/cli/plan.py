"""`streamo plan [--stage S]`: what would run and why; runs nothing."""

import argparse
import os
from typing import Any

from components.core.progress import clock


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("plan", help="what would run and why; runs nothing")
    parser.add_argument(
        "--stage", action="append", default=[], help="a stage with what it needs (repeatable)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one line a stage and the sum."""
    from components.lineage.plan import SKIP, make_plan

    slots = len(os.sched_getaffinity(0))
    plan = make_plan(args.stage, slots)
    for step in plan.steps:
        cost = "" if step.seconds is None or step.action == SKIP else f" [{clock(step.seconds)}"
        cost += f", {step.peak_mb:.0f} MiB]" if cost and step.peak_mb is not None else "]" if cost else ""
        print(f"{step.action:10} {step.address}{cost}: {'; '.join(step.why)}")
    todo = sum(step.action != SKIP for step in plan.steps)
    unknown = f", without {plan.unknown} never timed here" if plan.unknown else ""
    spent = f"about {clock(plan.seconds)}{unknown}"
    print(f"{todo} of {len(plan.steps)} stages to look at, {slots} at once: {spent}")
    return 0
