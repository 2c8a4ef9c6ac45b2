"""`streamo evaluate MODEL --suite S --out DIR`: any model folder on the held-out set of a checkout."""

import argparse
from pathlib import Path
from typing import Any

from components.cli import evaluate_offline, evaluate_ovo_bench
from components.core.files import dumps, read_json

HERE = ("ovo", "validation", "offline", "streamo_bench")  # on the held-out set of a checkout


def add(sub: "argparse._SubParsersAction[Any]") -> None:
    """Register the command."""
    parser = sub.add_parser(
        "evaluate",
        help="any model folder on the held-out set of this checkout",
        description="Let a model watch the held-out set of a reproduced checkout and write the files of the "
        "evaluate stage (predictions, scores, points) into a new folder; or ask it a published "
        "benchmark.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="a trained model folder")
    parser.add_argument(
        "--suite",
        required=True,
        choices=(*HERE, evaluate_ovo_bench.SUITE, *evaluate_offline.SUITES),
        help="what it is tested on",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="a new folder for the results")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(),
        metavar="CHECKOUT",
        help="the reproduced checkout (default: here)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a line")
    evaluate_ovo_bench.add_arguments(parser)
    evaluate_offline.add_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Evaluate and print the headline scores; 0 whatever they are."""
    if args.suite == evaluate_ovo_bench.SUITE:
        evaluate_offline.refuse(args)
        return evaluate_ovo_bench.run(args)
    if args.suite in evaluate_offline.SUITES:
        return evaluate_offline.run(args)
    evaluate_ovo_bench.refuse(args)
    evaluate_offline.refuse(args)
    from components.evaluate.standalone import evaluate

    evaluate(args.model, args.suite, args.out, data=args.data)
    told = headline(args.out)
    if args.json:
        print(dumps(told, indent=None), end="")
        return 0
    scores = ", ".join(f"{name} {value}" for name, value in told["scores"].items() if value is not None)
    print(
        f"{told['out']}: {told['suite']}: {scores or told['skipped']} (held-out set {told['heldout'][:12]})"
    )
    return 0


def headline(out: Path) -> dict[str, Any]:
    """What the command prints: the scores in percent that a comparison begins with."""
    scores, points = read_json(out / "scores.json"), read_json(out / "points.json")
    told = {"out": str(out), "suite": scores["suite"], "heldout": points["heldout"], "scores": {}}
    if "skipped" in scores:
        return told | {"skipped": scores["skipped"]}
    if scores["suite"] == "validation":
        return told | {"scores": {"macro_f1": scores["macro_f1"]}}
    if scores["suite"] == "offline":
        total = scores["retention"]["total"]
        return told | {"scores": {name: total[name] for name in ("before", "after", "difference")}}
    if scores["suite"] == "streamo_bench":
        return told | {"scores": {**scores["strict"]["groups"], "total": scores["strict"]["total"]}}
    column = "matched" if scores["columns"]["matched"]["model"]["tasks"] else "naive"
    return told | {"column": column, "scores": scores["columns"][column]["model"]["groups"]}
