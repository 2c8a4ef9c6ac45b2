"""`streamo score BENCHMARK`: predictions made anywhere, by the official rule, a strict one and floors."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.core.files import dumps
from components.evaluate.benchmarks import BENCHMARKS, Benchmark

WIDTH = 18


def add(sub: "argparse._SubParsersAction[Any]") -> None:
    """Register the command and its benchmarks."""
    parser = sub.add_parser("score", help="score benchmark results")
    benchmarks = parser.add_subparsers(dest="benchmark", metavar="BENCHMARK", required=True)
    for name, listed in BENCHMARKS.items():
        one = benchmarks.add_parser(name, help=listed.summary, description=listed.summary)
        one.add_argument("--results", type=Path, required=True, help="what is scored: a file or folder")
        one.add_argument("--against", type=Path, metavar="RESULTS", help="compare with these, pair by pair")
        one.add_argument("--seed", type=int, default=0, help="of the bootstrap and the clock (default 0)")
        one.add_argument("--json", action="store_true", help="print one JSON object")
        benchmark = listed.get()
        benchmark.add_arguments(one)
        one.set_defaults(run=run, scorer=benchmark)


def run(args: argparse.Namespace) -> int:
    """Print the scores; returns 0, or raises DataError for files that are not in the benchmark's format."""
    benchmark: Benchmark = args.scorer
    loaded = benchmark.load(args, args.results)
    scored = benchmark.score(loaded, args.seed)
    if args.against is not None:
        scored = {**scored, "against": against(benchmark, loaded, args)}
    print(dumps(scored, indent=None) if args.json else text(scored), end="")
    return 0


def against(benchmark: Benchmark, loaded: Any, args: argparse.Namespace) -> dict[str, Any]:
    """Per rule the paired comparison with the results that `--against` names."""
    from components.evaluate.compare import paired

    other = benchmark.points(benchmark.load(args, args.against))
    own, scheme = benchmark.points(loaded), benchmark.scheme(loaded)
    return {rule: paired(points, other[rule], scheme, args.seed) for rule, points in own.items()}


def text(scored: Mapping[str, Any]) -> str:
    """The scores as a plain table: official, strict and floors side by side, then the comparison."""
    tables = {"official": scored, "strict": scored.get("strict") or {}, **(scored.get("floors") or {})}
    columns = {name: shown for name, shown in tables.items() if shown}
    width = max(WIDTH, *(len(name) + 2 for name in columns))
    lines = [f"{'':24}" + "".join(f"{name:>{width}}" for name in columns)]
    for task in max((column["tasks"] for column in columns.values()), key=len):  # a model may lack some
        accuracies = [column["tasks"].get(task, {}).get("accuracy") for column in columns.values()]
        lines.append(line(task, accuracies, width))
    for group in scored["groups"]:
        lines.append(line(group, [column["groups"].get(group) for column in columns.values()], width))
    lines.append(line("total", [column["total"] for column in columns.values()], width))
    if "win_rates" in scored:
        lines += ["", *win_rates(scored["win_rates"])]
    for rule, found in scored.get("against", {}).items():
        lines += ["", *comparison(rule, found)]
    return "\n".join(lines) + "\n"


def win_rates(rates: Mapping[str, Any]) -> list[str]:
    """What a judge said, with what is excluded and why."""
    lines = [f"win rate, judged by {rates['judge']} in both orders"]
    for kind, found in rates.items():
        if kind != "judge":
            excluded = found["excluded"]
            failed = ", ".join(f"{reason} {count}" for reason, count in excluded["failed"].items()) or "0"
            sides = f"wins {found['wins']}, ties {found['ties']}, losses {found['losses']} of {found['n']}"
            left_out = f"inconsistent {excluded['inconsistent']}, failed {failed}"
            lines.append(
                f"{kind:24}{found['win_rate']}  {found['interval']}  {sides}  {left_out}  "
                f"agreement {found['agreement']}"
            )
    return lines


def comparison(rule: str, found: Mapping[str, Any]) -> list[str]:
    """One rule's paired comparison as lines."""
    left = found["only_first"] + found["only_second"]
    told = f"{found['points']} points of {found['videos']} videos, {left} without a partner"
    lines = [f"against, {rule} rule: {told}"]
    cells = {**found["tasks"], **found["groups"], "total": found["total"]}
    for name, cell in cells.items():
        if cell["difference"] is not None:
            low, high = cell["interval"] or ("-", "-")
            lines.append(
                f"{name:24}{cell['first']:>8.2f}{cell['second']:>8.2f}{cell['difference']:>+8.2f}"
                f"  [{low}, {high}]  p {cell['p']}  n {cell['n']}"
            )
    return lines


def line(name: str, cells: Sequence[float | None], width: int) -> str:
    """One line of the table; a missing value is a dash."""
    shown = ["-" if cell is None else f"{cell:.2f}" for cell in cells]
    return f"{name:24}" + "".join(f"{cell:>{width}}" for cell in shown)
