"""`streamo score ovo`: score a folder of OVO-Bench result files against an annotation file."""

import argparse
from pathlib import Path
from typing import Any

from components.core.files import dumps
from components.evaluate.ovo_format import GROUPS, load_annotations, load_results
from components.evaluate.ovo_score import score


def add(sub: "argparse._SubParsersAction[Any]") -> None:
    """Register the command and its benchmarks."""
    parser = sub.add_parser("score", help="score benchmark results (ovo)")
    benchmarks = parser.add_subparsers(dest="benchmark", metavar="BENCHMARK", required=True)
    ovo = benchmarks.add_parser("ovo", help="OVO-Bench: official rule, strict rule and floors")
    ovo.add_argument("--annotations", type=Path, required=True, help="ovo_bench_new.json or the same format")
    ovo.add_argument("--results", type=Path, required=True, help="folder of official result files")
    ovo.add_argument("--json", action="store_true", help="print one JSON object")
    ovo.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the scores; returns 0, or raises DataError for files that are not in the official format."""
    scored = score(load_annotations(args.annotations), load_results(args.results))
    print(dumps(scored, indent=None) if args.json else text(scored), end="")
    return 0


def text(scored: dict[str, Any]) -> str:
    """The scores as a plain table: official, strict and floors side by side."""
    columns = {"official": scored, "strict": scored["strict"], **scored["floors"]}
    lines = [f"{'':10}" + "".join(f"{name:>20}" for name in columns)]
    for group, tasks in GROUPS.items():
        for task in tasks:
            cells = [column["tasks"].get(task, {}).get("accuracy") for column in columns.values()]
            lines.append(line(task, cells))
        lines.append(line(group, [column["groups"][group] for column in columns.values()]))
    lines.append(line("total", [column["total"] for column in columns.values()]))
    return "\n".join(lines) + "\n"


def line(name: str, cells: list[float | None]) -> str:
    """One line of the table; a missing value is a dash."""
    return f"{name:10}" + "".join(f"{'-' if cell is None else format(cell, '.2f'):>20}" for cell in cells)
