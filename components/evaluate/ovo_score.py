"""Score OVO-Bench result files as the benchmark does, with a strict table and floors beside.

Official: every result row counts, duplicates among them, with the truth the row itself carries. Strict: every
annotation entry counts exactly once, with the annotation's truth, whether a row exists for it or not.
"""

from collections.abc import Callable, Sequence
from typing import Any

from components.evaluate.floors import floors
from components.evaluate.ovo_format import Entry, Results, answers, point_truth, rows_of, truths
from components.evaluate.ovo_rules import PointScore, official, strict, table

Rule = Callable[[str, Any, str, Sequence[str]], bool]  # task, answer, truth, options


def row_truths(row: dict[str, Any]) -> list[str]:
    """The truths an official result row carries itself."""
    if "test_info" in row:
        return [point_truth(row["task"], point) for point in row["test_info"]]
    return [row["ground_truth"]]


def official_points(results: Results) -> list[PointScore]:
    """Every point of every result row under the official rule, duplicates and unknown rows among them."""
    return [
        PointScore(row["task"], row.get("id"), index, float(official(row["task"], answer, truth)))
        for row in rows_of(results)
        for index, (answer, truth) in enumerate(zip(answers(row), row_truths(row), strict=True))
    ]


def answers_by_entry(results: Results) -> dict[tuple[str, Any], list[str | None]]:
    """The answers per (task, entry id); of several rows for one entry the first counts."""
    found: dict[tuple[str, Any], list[str | None]] = {}
    for row in rows_of(results):
        found.setdefault((row["task"], row.get("id")), answers(row))
    return found


def entry_points(entries: Sequence[Entry], results: Results, rule: Rule = strict) -> list[PointScore]:
    """Every point of every annotation entry once, by `rule`; a missing answer is wrong."""
    found = answers_by_entry(results)
    points = []
    for entry in entries:
        expected = truths(entry)
        given = found.get((entry["task"], entry["id"]), [])
        given = [*given, *[None] * len(expected)][: len(expected)]
        for index, (answer, truth) in enumerate(zip(given, expected, strict=True)):
            right = rule(entry["task"], answer, truth, entry.get("options", ()))
            points.append(PointScore(entry["task"], entry["id"], index, float(right)))
    return points


def count_rows(entries: Sequence[Entry], results: Results) -> dict[str, int]:
    """How rows and entries match: rows in all, entries with several rows or none, rows of no entry."""
    known = {(entry["task"], entry["id"]) for entry in entries}
    keys = [(row["task"], row.get("id")) for row in rows_of(results)]
    return {
        "rows": len(keys),
        "duplicate_rows": len(keys) - len(set(keys)),
        "unknown_rows": sum(key not in known for key in keys),
        "entries_without_row": len(known - set(keys)),
    }


def score(entries: Sequence[Entry], results: Results) -> dict[str, Any]:
    """The object `streamo score ovo --json` prints (docs/architecture.md, design: public contract).

    Args:
        entries: OVO-Bench annotation entries (`ovo_format.load_annotations`).
        results: official result rows by group (`ovo_format.load_results`).

    """
    return {
        **table(official_points(results)),
        "strict": table(entry_points(entries, results)),
        "floors": floors(entries),
        "rows": count_rows(entries, results),
    }
