"""The table of an ablation: evaluation products of a clone to rows, rows to Markdown.

Rates are of the free-running validation streams and of the time-matched forward points, each with a 95 %
bootstrap interval over videos, by the rules of components/evaluate. Cost stands in the run records.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from components.core.errors import DataError
from components.core.files import read_json
from components.evaluate.state_scores import Watched
from components.report.ablation import over_seeds
from infra.ablation_rates import rates

Row = dict[str, Any]
FPS2 = "2 frames a second"
COLUMNS = {
    "macro_f1": "macro F1, three states",
    "speak_f1": "macro F1, speak or not",
    "precision": "Response precision",
    "recall": "recall",
    "delay": "mean delay, turns",
    "false_alarms": "false alarms a quiet hour",
    "forward": "forward",
    "total": "all groups",
    "tokens_per_turn": "tokens a turn",
    "forwards_per_turn": "forwards a turn",
    "ms_per_turn": "ms a turn",
}


def read_rows(root: Path, arm: str) -> list[Row]:
    """A row for each run and policy in the evaluation products of `root`, by its params.yaml.

    Raises:
        DataError: a product is missing.

    """
    params = yaml.safe_load((root / "params.yaml").read_text())
    rows: list[Row] = []
    for family in params["families"]:
        for method in params["train"]["methods"]:
            for seed in params["train"]["seeds"]:
                key = {"arm": arm, "family": family, "method": method, "seed": seed}
                rows += run_rows(root, f"{family}-{method}-{seed}", key, params["evaluate"]["suites"])
    return rows


def run_rows(root: Path, name: str, key: Row, suites: Sequence[str]) -> Iterator[Row]:
    """The run as it was trained to decide, then other ways to watch it."""
    streams = product(root, name, "validation", "predictions")["streams"]
    watched = [Watched(s["sample_id"], s["video_id"], s["task"], s["truth"], s["states"]) for s in streams]
    truth = {one.sample_id: one for one in watched}
    ovo = product(root, name, "ovo", "scores")
    yield {**key, "watched": "", **rates(watched), **points(ovo), **spent(root, name, "validation", None)}
    for suite in ("policies", "fps2"):
        scores: Row = product(root, name, suite, "scores") if suite in suites else {"skipped": "not run"}
        if "skipped" in scores:
            continue
        states = product(root, name, suite, "predictions")
        parts: Mapping[str, Row] = (
            scores["policies"] if suite == "policies" else {"2 frames a second": scores}
        )
        for way, part in parts.items():
            of = states["policies"][way] if suite == "policies" else states["states"]
            seen = [replace(truth[sample], states=said) for sample, said in sorted(of.items())]
            cost = spent(root, name, suite, way if suite == "policies" else None)
            yield {**key, "watched": way, **rates(seen), **points(part["ovo"] or {}), **cost}


def product(root: Path, name: str, suite: str, file: str) -> Row:
    """One file of an evaluation product."""
    found: Row = read_json(root / "artifacts/evaluation" / f"{name}-{suite}" / f"{file}.json")
    return found


def points(ovo: Mapping[str, Any]) -> Row:
    """Forward group and total of the time-matched points, or of all where none is matched."""
    columns = ovo.get("columns", {})
    model = next((c["model"] for c in columns.values() if c["model"]["total"] is not None), None)
    if model is None:
        return {name: {"value": None, "interval": None} for name in ("forward", "total")}
    bounds = model["intervals"]
    return {
        "forward": {"value": model["groups"]["forward"], "interval": bounds["groups"]["forward"]},
        "total": {"value": model["total"], "interval": bounds["total"]},
    }


def spent(root: Path, name: str, suite: str, policy: str | None) -> Row:
    """Cost a turn by the newest completed run record of the suite; null where it came from the cache."""
    cost: Row = {}
    for path in sorted((root / "runs" / f"evaluate@{name}-{suite}").glob("*.json")):
        record = read_json(path)
        if record["status"] == "completed":
            cost = record.get("cost", {})
    chosen = cost if policy is None else cost.get(policy, {})
    wanted = ("tokens_per_turn", "forwards_per_turn", "ms_per_turn")
    return {key: {"value": chosen.get(key), "interval": None} for key in wanted}


def markdown(name: str, table: Mapping[str, Any]) -> str:
    """The page: means over seeds, joint intervals, each seed; what it shows and does not."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in table["rows"]:
        label: tuple[str, ...] = (row["arm"], row["family"], row["method"], row["watched"])
        groups.setdefault(label, []).append(row)
    if not groups:
        raise DataError(f"ablation {name}: no row")
    lines = [f"# Ablation: {name}", f"Commit `{table['commit'][:12]}`. {READING}", ""]
    lines += [f"| {' | '.join(['run', *COLUMNS.values(), 'n'])} |", "|" + "---|" * (len(COLUMNS) + 2)]
    for label, rows in groups.items():
        cells = [cell_text([row[column] for row in rows]) for column in COLUMNS]
        title = ", ".join(part for part in label if part)
        lines.append(f"| {' | '.join([title, *cells, str(len(rows))])} |")
    return "\n".join(lines) + "\n"


READING = (
    "A tiny model on this project's own synthetic world: a comparison of ways to decide on one base at this "
    "size, not of published systems. States and Responses are free-running on the validation split; forward "
    "and all groups are percent of time-matched held-out points. Mean over seeds, in brackets the joint 95 % "
    "interval (lowest and highest bound over the seeds, videos resampled), in parentheses each seed; n "
    "seeds. Methods without Standby cannot have its F1, and SSR by state hears only their Responses: compare "
    "them by `speak or not`. Untrained ways to watch a model follow its name. Cost is of this machine; - "
    "where nothing was measured."
)


def cell_text(cells: Sequence[Row]) -> str:
    """Mean [low, high] (seeds), or a dash where a seed has no value."""
    found = over_seeds([cell["value"] for cell in cells], [cell["interval"] for cell in cells])
    if found is None:
        return "-"
    bounds = found["interval"]
    span = f" [{bounds[0]:.1f}, {bounds[1]:.1f}]" if bounds else ""
    seeds = ", ".join(f"{value:.1f}" for value in found["values"])
    return f"{found['mean']:.1f}{span}" + (f" ({seeds})" if len(cells) > 1 else "")
