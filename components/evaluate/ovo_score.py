"""Score OVO-Bench result files as the benchmark does, with a strict table and floors beside.

Official: every result row counts, duplicates among them, with the truth the row itself carries. Strict: every
annotation entry counts exactly once, with the annotation's truth, whether a row exists for it or not.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from components.evaluate.answers import official_letter, strict_letter
from components.evaluate.floors import floors
from components.evaluate.forward_metrics import blind_responses, forward_responses
from components.evaluate.ovo_clock import video_of
from components.evaluate.ovo_format import GROUP_OF, Entry, Results, answers, point_truth, rows_of, truths
from components.evaluate.ovo_rules import OVO, PointScore, official, strict
from components.evaluate.scheme import Scored, with_intervals
from components.evaluate.streams import Stream

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


def answers_by_entry(results: Results) -> dict[tuple[str, Any], list[Any]]:
    """The answers per (task, entry id); of several rows for one entry the first counts."""
    found: dict[tuple[str, Any], list[Any]] = {}
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


def scored_points(entries: Sequence[Entry], points: Sequence[PointScore]) -> list[Scored]:
    """The points with their videos, for resampling; a row of no entry stands for a video of its own."""
    videos = {(entry["task"], entry["id"]): video_of(entry) for entry in entries}
    return [
        Scored(point.id, videos.get((point.task, point.entry), point.id), point.task, point.credit)
        for point in points
    ]


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


def count_answers(entries: Sequence[Entry], results: Results) -> dict[str, dict[str, int]]:
    """How the letter questions were read by each rule (words of `answers`), entry by entry."""
    found = answers_by_entry(results)
    loose: Counter[str] = Counter()
    exact: Counter[str] = Counter()
    for entry in entries:
        if GROUP_OF[entry["task"]] != "forward":
            answer = found.get((entry["task"], entry["id"]), [None])[0]
            loose[official_letter(answer, truths(entry)[0], entry["options"]).how] += 1
            exact[strict_letter(answer, entry["options"]).how] += 1
    return {"official": dict(sorted(loose.items())), "strict": dict(sorted(exact.items()))}


def score(
    entries: Sequence[Entry], results: Results, *, seed: int = 0, streams: Sequence[Stream] = ()
) -> dict[str, Any]:
    """The object `streamo score ovo --json` prints (docs/architecture.md, design: public contract).

    Args:
        entries: OVO-Bench annotation entries (`ovo_format.load_annotations`).
        results: official result rows by group (`ovo_format.load_results`).
        seed: of the bootstrap over videos and of the clock's folds.
        streams: what stands behind the rows; with them `responses` says when the model spoke.

    """
    return {
        **with_intervals(scored_points(entries, official_points(results)), OVO, seed),
        "strict": with_intervals(scored_points(entries, entry_points(entries, results)), OVO, seed),
        "floors": floors(entries, seed=seed),
        "rows": count_rows(entries, results),
        "counted": count_answers(entries, results),
        "responses": responses(entries, streams, seed) if streams else None,
    }


def responses(entries: Sequence[Entry], streams: Sequence[Stream], seed: int) -> dict[str, Any]:
    """When the model spoke (`forward_metrics`), and what speaking blindly scores on the same streams."""
    blind = blind_responses(entries, streams, seed=seed)
    return {**forward_responses(entries, streams), "blind": blind}
