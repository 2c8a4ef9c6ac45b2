"""`streamo plan [--stage S]`: what would run and why; runs nothing. With a card, also the training plan."""

import argparse
import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from components.cli import plan_train
from components.core.progress import clock

if TYPE_CHECKING:
    from components.lineage.plan import Plan


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("plan", help="what would run and why; runs nothing")
    parser.add_argument(
        "--stage", action="append", default=[], help="a stage with what it needs (repeatable)"
    )
    parser.add_argument("--json", action="store_true", help="one object instead of lines")
    plan_train.add_flags(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one line a stage and the sum, then the training plan if asked for; 1 if that does not fit."""
    from components.lineage.plan import make_plan

    wants_training = plan_train.asked(args)
    slots = len(os.sched_getaffinity(0))
    plan = make_plan(args.stage, slots)
    training = plan_train.make(args) if wants_training else None
    if args.json:
        from components.train.plan.table import plan_object

        print(json.dumps({**asdict(plan), "train": training and plan_object(training)}))
    else:
        print("\n".join(lines(plan, slots)))
        if training:
            from components.train.plan.table import plan_lines

            print("", *plan_lines(training), sep="\n")
    return 1 if training and not training.fits else 0


def lines(plan: "Plan", slots: int) -> list[str]:
    """One line a stage, and the sum."""
    from components.lineage.plan import SKIP

    out = []
    for step in plan.steps:
        cost = "" if step.seconds is None or step.action == SKIP else f" [{clock(step.seconds)}"
        cost += f", {step.peak_mb:.0f} MiB]" if cost and step.peak_mb is not None else "]" if cost else ""
        out.append(f"{step.action:10} {step.address}{cost}: {'; '.join(step.why)}")
    todo = sum(step.action != SKIP for step in plan.steps)
    unknown = f", without {plan.unknown} never timed here" if plan.unknown else ""
    spent = f"about {clock(plan.seconds)}{unknown}"
    return [*out, f"{todo} of {len(plan.steps)} stages to look at, {slots} at once: {spent}"]
