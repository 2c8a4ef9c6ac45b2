"""Your own rows: CSV with a header (`*.csv`), or one JSON object a line with the same keys (`*.jsonl`).

| column | holds |
|---|---|
| video | path below the media root (required) |
| task | narration, event_caption, action_caption, event_grounding, tsqa or offline_qa (required) |
| question | what is asked (required; taken as it stands) |
| question_time | when, in seconds or as a clock; 0 if empty |
| answer | what is said; event_grounding may leave it empty: then the span is told |
| start, end | the event after which it is said, or instead |
| time | the instant at which it holds; if all three are empty, the moment of the question |
| sample | rows of one value in one file make one label; empty: a label of its own |
| source | where it is from; the file's name if empty |
| duration | seconds of the video, where known |

Rows of one sample agree in video, task, question, question_time and source. One that cannot be used is
dropped, with its reason, and the label stays with the others; a column that is not listed is an error, not
ignored.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.annotate.ground import TASK as GROUNDING
from components.annotate.ground import span_text
from components.annotate.importer import TASKS
from components.annotate.importers import checks
from components.annotate.importers.account import Account, Draft, Imported, Options
from components.annotate.importers.rows import parse_line, read_lines, read_text
from components.core.errors import DataError
from components.protocol import reasons
from components.protocol.labels import LabelError

REQUIRED = ("video", "task", "question")
COLUMNS = (*REQUIRED, "question_time", "answer", "start", "end", "time", "sample", "source", "duration")
SHARED = ("video", "task", "question", "question_time", "source")
DIFFERS = "sample_differs"
UNKNOWN_TASK = "unknown_task"
STREAMED = tuple(task for task in TASKS if task != "base_qa")
Row = Mapping[str, Any]


def read(paths: Sequence[Path], options: Options) -> Imported:
    """One label a sample; see the module.

    Raises:
        DataError: a file has a column that is not known, or lacks a required one.

    """
    account = Account("own", options)
    for path in paths:
        samples: dict[str, list[tuple[int, Row | LabelError]]] = {}
        for number, row in _rows(path):
            sample = "" if isinstance(row, LabelError) else str(row.get("sample") or "")
            samples.setdefault(f"sample {sample}" if sample else str(number), []).append((number, row))
        for name, rows in samples.items():
            account.take(f"{path.name}:{name}", _draft, rows, path.stem)
    return account.close()


def _rows(path: Path) -> Iterator[tuple[int, Row | LabelError]]:
    """Line number and row; a LabelError in place of a line that is none."""
    if path.suffix == ".csv":
        table = csv.DictReader(read_text(path).splitlines())
        _check_columns(path, table.fieldnames or ())
        missing = [name for name in REQUIRED if name not in (table.fieldnames or ())]
        if missing:
            raise DataError(f"{path}: the header lacks {', '.join(missing)}")
        for row in table:
            odd = None in row or None in row.values()
            detail = f"expected {len(table.fieldnames or ())} columns"
            yield table.line_num, LabelError(reasons.MALFORMED, detail) if odd else row
        return
    for number, line in read_lines(path):
        try:
            row = parse_line(line)
            if not isinstance(row, dict):
                raise LabelError(reasons.MALFORMED, f"expected an object, found {line!r:.80}")
        except LabelError as error:
            yield number, error
            continue
        _check_columns(path, row)
        yield number, row


def _check_columns(path: Path, names: Any) -> None:
    unknown = sorted(str(name) for name in names if name not in COLUMNS)
    if unknown:
        raise DataError(f"{path}: unknown column {unknown[0]!r}; known are {', '.join(COLUMNS)}")


def _draft(rows: Sequence[tuple[int, Row | LabelError]], stem: str) -> Draft:
    """The label of one sample; a single row's fault rejects it, one of several is dropped."""
    head = next((row for _, row in rows if not isinstance(row, LabelError)), None)
    if head is None:
        raise next(row for _, row in rows if isinstance(row, LabelError))
    draft = _asked(head, stem)
    for number, row in rows:
        try:
            if isinstance(row, LabelError):
                raise row
            _respond(draft, row, head)
        except LabelError as error:
            if len(rows) == 1:
                raise
            draft.dropped.append((str(number), error.reason, error.detail))
    return draft


def _asked(row: Row, stem: str) -> Draft:
    task = checks.field(row, "task")
    if task not in STREAMED:
        raise LabelError(UNKNOWN_TASK, f"task {task!r:.40}; expected one of {', '.join(STREAMED)}")
    video = checks.path("", checks.field(row, "video"))
    asked = 0.0 if _empty(row, "question_time") else checks.seconds(row["question_time"])
    question = (None, checks.text(checks.field(row, "question")), asked)
    source = str(row.get("source") or stem)
    length = None if _empty(row, "duration") else checks.duration(row["duration"])
    return Draft(video, task, source, [question], [], task, length)


def _respond(draft: Draft, row: Row, head: Row) -> None:
    differs = [name for name in SHARED if (row.get(name) or "") != (head.get(name) or "")]
    if differs:
        raise LabelError(
            DIFFERS, f"{differs[0]} is {row.get(differs[0])!r:.60}, the sample's first row says otherwise"
        )
    if _empty(row, "start") and _empty(row, "end"):
        asked = draft.questions[0][2]
        draft.instant(
            checks.text(row.get("answer")), asked if _empty(row, "time") else checks.seconds(row["time"])
        )
        return
    start, end, trimmed = checks.span(row.get("start"), row.get("end"), draft.duration_s)
    told = draft.task == GROUNDING and _empty(row, "answer")
    draft.span(span_text(start, end) if told else checks.text(row.get("answer")), start, end)
    draft.notes += [checks.TRIMMED] * trimmed


def _empty(row: Row, key: str) -> bool:
    value = row.get(key)
    return value is None or (isinstance(value, str) and not value.strip())
