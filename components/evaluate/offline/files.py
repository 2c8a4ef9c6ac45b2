"""Files of offline benchmarks, checked at the door: a DataError names file, row and key."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.evaluate.answers import LETTERS
from components.evaluate.offline.choice import Answered, Item

IDS = ("id", "question_id")
ANSWERS = ("response", "prediction", "pred")
MISSING = object()


def rows_of(path: Path) -> list[Any]:
    """The rows of a JSON list, of JSON lines or of a parquet table."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        rows: list[Any] = pq.read_table(path).to_pylist()
        return rows
    if path.suffix == ".jsonl":
        return [
            parse(line, path, number) for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        ]
    content = read_json(path)
    if not isinstance(content, list):
        raise DataError(f"{path}: expected a list of questions, got {type(content).__name__}")
    return content


def parse(line: str, path: Path, number: int) -> Any:
    """One line of JSON lines."""
    try:
        return json.loads(line)
    except ValueError as error:
        raise DataError(f"{path}: line {number}: not JSON ({error})") from None


def need(row: Any, key: str, kind: type, where: str) -> Any:
    """A key of a row that must be of a kind."""
    value = row.get(key) if isinstance(row, Mapping) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DataError(f"{where}: `{key}`: expected {kind.__name__}, got {value!r}")
    return value


def place_of(truth: Any, options: Sequence[str], where: str) -> int:
    """The right option's place, named by its letter, its place or its text."""
    if isinstance(truth, int) and not isinstance(truth, bool) and 0 <= truth < len(options):
        return truth
    if isinstance(truth, str) and len(truth) == 1 and truth in LETTERS[: len(options)]:
        return LETTERS.index(truth)
    if isinstance(truth, str) and list(options).count(truth) == 1:
        return list(options).index(truth)
    raise DataError(f"{where}: the truth {truth!r} names none of {len(options)} options")


def check_unique(items: Sequence[Item], path: Path) -> None:
    """Raise unless there is an item and every id is its own."""
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise DataError(f"{path}: question {item.id} occurs twice; give every question an id of its own")
        seen.add(item.id)
    if not items:
        raise DataError(f"{path}: no question")


def read_answers(path: Path) -> list[tuple[str, Any]]:
    """`(id, answer)` of every row of a results file, or of all files of a folder in order of name.

    A file is `{id: answer}`, or rows with an id (`id` or `question_id`) and an answer (`response`,
    `prediction` or `pred`).
    """
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in (".json", ".jsonl"))
        if not files:
            raise DataError(f"{path}: no .json or .jsonl file with answers")
        return [pair for file in files for pair in read_answers(file)]
    if path.suffix != ".jsonl":
        content = read_json(path)
        if isinstance(content, dict):
            return list(content.items())
    pairs = []
    for number, row in enumerate(rows_of(path), 1):
        where = f"{path}: row {number}"
        name = next((row[key] for key in IDS if key in row), None) if isinstance(row, Mapping) else None
        if not isinstance(name, str | int):
            raise DataError(f"{where}: expected an object with {' or '.join(IDS)}, got {row!r:.80}")
        pairs.append((str(name), answer_of(row, where)))
    return pairs


def answer_of(row: Mapping[str, Any], where: str) -> Any:
    """The answer of a row, of any type; a row must have one, null if the model gave none."""
    for key in ANSWERS:
        if key in row:
            return row[key]
    raise DataError(f"{where}: no answer; expected one of {', '.join(ANSWERS)}")


def answered(items: Sequence[Item], pairs: Sequence[tuple[str, Any]], path: Path) -> Answered:
    """Entries with the rows that answer them; rows of no entry are counted, all of them are an error."""
    known = {item.id: item for item in items}
    rows = [(known[name], answer) for name, answer in pairs if name in known]
    if not rows:
        raise DataError(f"{path}: {len(pairs)} rows and none answers a question of the annotation file")
    return Answered(items, rows, len(pairs) - len(rows))
