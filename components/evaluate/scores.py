"""Everything `scores.json` of the OVO suite says: the model, its readings, controls, floors and intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.evaluate.blind import CLOCKS, blind_points
from components.evaluate.clock import ClockFit
from components.evaluate.forward_metrics import forward_responses
from components.evaluate.intervals import COLUMNS, Points, Tags, with_intervals
from components.evaluate.ovo_format import GROUPS, Entry, Results
from components.evaluate.ovo_rules import official, strict, table
from components.evaluate.ovo_score import Rule, entry_points
from components.evaluate.streams import Stream, read_results

READINGS = {
    "SSR": {"state": "default", "interval": "interval"},
    "CRR": {"loose": "default", "strict": "strict"},
}


def build_scores(
    entries: Sequence[Entry],
    results: Results,
    *,
    clock_fit: ClockFit | None,
    seed: int,
    streams: Sequence[Stream] = (),
    forced: Results | None = None,
    exchanged: Results | None = None,
) -> dict[str, Any]:
    """The scores of one model on one OVO-like annotation file (layout: this room's README).

    Args:
        entries: annotation entries with `points` and `match` (see `intervals`).
        results: what the model said, as official rows (`streams.read_results`).
        clock_fit: the blind clock fitted on training dialogues; None leaves the clocks out.
        seed: of the bootstrap.
        streams: the watched streams; without them the readings and response counts are left out.
        forced: official rows of the letter tasks with an answer forced on the question's turn.
        exchanged: official rows of the same model watching another entry's video.

    """
    tags = Tags(entries)
    blind = blind_points(entries, clock_fit)
    given = {"forced": forced, "exchanged": exchanged}
    columns = {}
    for name in COLUMNS:
        columns[name] = {
            "model": with_intervals(tags.column(entry_points(entries, results, official), name), tags, seed),
            "strict": table(tags.column(entry_points(entries, results, strict), name)),
            **{key: optional_table(entries, rows, tags, name, seed) for key, rows in given.items()},
            "blind": {policy: table(tags.column(points, name)) for policy, points in blind.items()},
            "readings": readings(entries, streams, tags, name, seed),
        }
        columns[name]["comparison"] = comparison(columns[name])
    return {
        "schema": 1,
        "suite": "ovo",
        "columns": columns,
        "responses": forward_responses(entries, streams) if streams else None,
    }


def optional_table(
    entries: Sequence[Entry], results: Results | None, tags: Tags, column: str, seed: int
) -> dict[str, Any] | None:
    """The table with intervals of a control, over the entries it has rows for; None if it was not run."""
    if results is None:
        return None
    present = {(row["task"], row["id"]) for rows in results.values() for row in rows}
    kept = [entry for entry in entries if (entry["task"], entry["id"]) in present]
    return with_intervals(tags.column(entry_points(kept, results, official), column), tags, seed)


def readings(
    entries: Sequence[Entry], streams: Sequence[Stream], tags: Tags, column: str, seed: int
) -> dict[str, Any] | None:
    """SSR by state and by spoken interval, CRR loose and strict: the paper leaves the choice open."""
    if not streams:
        return None
    shown: dict[str, dict[str, Any]] = {}
    for task, ways in READINGS.items():
        own = [entry for entry in entries if entry["task"] == task]
        for name, reading in ways.items():
            points = one_reading(own, streams, reading, official)
            found = with_intervals(tags.column(points, column), tags, seed)
            cell = found["tasks"].get(task)
            if cell is not None:
                shown.setdefault(task, {})[name] = {**cell, "interval": found["intervals"]["tasks"][task]}
    return shown


def one_reading(entries: Sequence[Entry], streams: Sequence[Stream], reading: str, rule: Rule) -> Points:
    """The points of these entries under one way of reading the streams."""
    return entry_points(entries, read_results(entries, streams, reading=reading), rule)


def comparison(column: Mapping[str, Any]) -> dict[str, Any]:
    """Per group and in total: does the lower 95 % bound exceed every blind policy and the control?

    `exceeds` is None where the column has no point of the group; a control that was not run is not compared
    with, and `rivals` then does not name it.
    """
    names = [*GROUPS, "total"]
    return {name: compare_one(column, name) for name in names}


def value_of(table_: Mapping[str, Any], name: str) -> float | None:
    """A group's score or the total of a table."""
    value: float | None = table_["total"] if name == "total" else table_["groups"][name]
    return value


def compare_one(column: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The comparison of one group or of the total; see `comparison`."""
    model = column["model"]
    interval = model["intervals"]["total"] if name == "total" else model["intervals"]["groups"][name]
    blind = {policy: value_of(shown, name) for policy, shown in column["blind"].items()}
    known = {policy: value for policy, value in blind.items() if value is not None}
    best = min(known, key=lambda policy: (-known[policy], policy), default=None)
    clocks = {policy: known[policy] for policy in CLOCKS if policy in known}
    rivals = {"best_blind": known[best]} if best is not None else {}
    if clocks:
        rivals["clock"] = max(clocks.values())
    exchanged = value_of(column["exchanged"], name) if column["exchanged"] else None
    if exchanged is not None:
        rivals["exchanged"] = exchanged
    lower = interval[0] if interval else None
    exceeds = None if lower is None else all(lower > value for value in rivals.values())
    return {
        "accuracy": value_of(model, name),
        "interval": interval,
        "best_blind_policy": best,
        "rivals": rivals,
        "exceeds": exceeds,
    }
