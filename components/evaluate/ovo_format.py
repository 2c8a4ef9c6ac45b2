"""OVO-Bench's own file formats: annotation entries and result rows, checked where they enter.

Annotations are one JSON list of entries; results are a folder of JSON files, each an object with the lists
`backward`, `realtime` and `forward` (OVO-Bench, CVPR 2025, its public repository).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.evaluate.answers import LETTERS

Entry = dict[str, Any]
Row = dict[str, Any]
Results = dict[str, list[Row]]

GROUPS: dict[str, tuple[str, ...]] = {
    "backward": ("EPM", "HLD", "ASI"),
    "realtime": ("OCR", "ACR", "ATR", "STU", "FPD", "OJR"),
    "forward": ("REC", "SSR", "CRR"),
}
TASKS: tuple[str, ...] = tuple(task for tasks in GROUPS.values() for task in tasks)
GROUP_OF: dict[str, str] = {task: group for group, tasks in GROUPS.items() for task in tasks}


def truth_key(task: str) -> str:
    """The key of a forward test point that holds its truth: a count for REC, 0 or 1 for SSR and CRR."""
    return "count" if task == "REC" else "type"


def load_annotations(path: Path) -> list[Entry]:
    """The entries of an annotation file; DataError names the entry and the key that is wrong."""
    entries = read_json(path)
    if not isinstance(entries, list):
        raise DataError(f"{path}: expected a JSON list of OVO-Bench entries")
    for index, entry in enumerate(entries):
        check_entry(entry, f"{path}: entry {index}")
    return entries


def check_entry(entry: Any, where: str) -> None:
    """Raise DataError unless `entry` is an OVO-Bench annotation entry that can be scored."""
    if not isinstance(entry, dict) or entry.get("task") not in GROUP_OF:
        raise DataError(f"{where}: expected an object whose `task` is one of {', '.join(TASKS)}")
    if "id" not in entry:
        raise DataError(f"{where}: no `id`")
    if GROUP_OF[entry["task"]] == "forward":
        check_points(entry, where)
        return
    options, truth = entry.get("options"), entry.get("gt")
    if not isinstance(options, list) or not 2 <= len(options) <= len(LETTERS):
        raise DataError(f"{where}: `options` must be a list of 2 to {len(LETTERS)} texts")
    if not isinstance(truth, int) or not 0 <= truth < len(options):
        raise DataError(f"{where}: `gt` must be the index of an option, got {truth!r}")


def check_points(entry: Entry, where: str) -> None:
    """Raise DataError unless every test point of a forward entry has its truth."""
    points, key = entry.get("test_info"), truth_key(entry["task"])
    if not isinstance(points, list):
        raise DataError(f"{where}: forward tasks need a list `test_info`")
    for number, point in enumerate(points):
        value = point.get(key) if isinstance(point, dict) else None
        if not isinstance(value, int) or (key == "type" and value not in (0, 1)):
            raise DataError(f"{where}: test point {number} has no usable `{key}` (got {value!r})")


def load_results(folder: Path) -> Results:
    """All result rows of a folder: every `*.json` directly in it, in name order, lists joined."""
    if not Path(folder).is_dir():
        raise DataError(f"{folder}: not a folder of OVO-Bench result files")
    results: Results = {group: [] for group in GROUPS}
    paths = sorted(Path(folder).glob("*.json"))
    if not paths:
        raise DataError(f"{folder}: holds no *.json result file")
    for path in paths:
        add_file(results, read_json(path), path)
    return results


def add_file(results: Results, content: Any, path: Path) -> None:
    """Append one result file's rows to `results`; DataError if it is not in the official format."""
    if not isinstance(content, dict) or not set(content) & set(GROUPS):
        raise DataError(f"{path}: expected an object with the lists {', '.join(GROUPS)}")
    for group in GROUPS:
        rows = content.get(group) or []
        if not isinstance(rows, list):
            raise DataError(f"{path}: `{group}` must be a list of rows")
        for number, row in enumerate(rows):
            check_row(row, group, f"{path}: {group} row {number}")
        results[group].extend(rows)


def check_row(row: Any, group: str, where: str) -> None:
    """Raise DataError unless `row` is an official result row of this group."""
    if not isinstance(row, dict) or row.get("task") not in GROUPS[group]:
        raise DataError(f"{where}: expected an object whose `task` is one of {', '.join(GROUPS[group])}")
    if group == "forward":
        check_points(row, where)
    elif not isinstance(row.get("ground_truth"), str):
        raise DataError(f"{where}: no letter in `ground_truth`")


def truths(entry: Entry) -> list[str]:
    """The truth of every scored point: one letter, or per test point the count or `No` / `Yes`."""
    if GROUP_OF[entry["task"]] != "forward":
        return [LETTERS[entry["gt"]]]
    return [point_truth(entry["task"], point) for point in entry["test_info"]]


def point_truth(task: str, point: dict[str, Any]) -> str:
    """The truth of one forward test point as text."""
    return str(point["count"]) if task == "REC" else ("No", "Yes")[point["type"]]


def answers(row: Row) -> list[Any]:
    """The answers of one result row as they are (any value), one per scored point."""
    if "test_info" in row:
        return [point.get("response") for point in row["test_info"]]
    return [row.get("response")]


def rows_of(results: Results) -> Iterator[Row]:
    """Every result row, group by group."""
    for group in GROUPS:
        yield from results.get(group, [])


def make_results(entries: Sequence[Entry], given: dict[tuple[str, Any], list[str | None]]) -> Results:
    """Official-format results from `given`: answers per (task, entry id), one per scored point of the entry.

    An entry that is not in `given` becomes a row without an answer, so that it is scored as missing.
    """
    results: Results = {group: [] for group in GROUPS}
    for entry in entries:
        texts = given.get((entry["task"], entry["id"]), [None] * len(truths(entry)))
        results[GROUP_OF[entry["task"]]].append(make_row(entry, texts))
    return results


def make_row(entry: Entry, texts: Sequence[str | None]) -> Row:
    """One official result row of an entry with these answers."""
    if GROUP_OF[entry["task"]] == "forward":
        points = [dict(p, response=text) for p, text in zip(entry["test_info"], texts, strict=True)]
        return {**entry, "test_info": points}
    row: Row = {key: entry[key] for key in ("id", "video", "task", "question") if key in entry}
    return row | {"response": texts[0], "ground_truth": LETTERS[entry["gt"]]}
