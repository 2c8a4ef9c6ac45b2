"""Your own rows: CSV with a header (`.csv`), or one JSON object a line with the same keys (`.jsonl`).

| column | holds |
|---|---|
| video | path below the media root (required) |
| task | narration, event_caption, action_caption, event_grounding, tsqa or offline_qa (required) |
| question | what is asked (required; taken as it stands) |
| question_time | when, in seconds or as a clock; 0 if empty |
| answer | what is said; event_grounding may leave it empty: then the span is told |
| start, end | the event after which it is said, or instead |
| time | the instant at which it holds; if all three are empty, the moment of the question |
| absent | `yes`: a negative, what is asked for does not happen; answer and times are empty, nothing is said |
| sample | rows of one value in one file make one label; empty: a label of its own |
| source | where it is from; the file's name if empty |
| duration | seconds of the video, where known |

Rows of one sample agree in video, task, question, question_time and source, and in duration where they state
it. One that cannot be used is dropped, with its reason, and the label stays with the others; a column that is
not listed is an error, not ignored.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.annotate.ground import TASK as GROUNDING
from components.annotate.ground import span_text
from components.annotate.importer import TASKS
from components.annotate.importers import checks
from components.annotate.importers.account import Account, Draft, Imported, Options
from components.annotate.importers.csv_rows import check_columns, read_csv
from components.annotate.importers.rows import parse_line, read_lines
from components.core.errors import DataError
from components.protocol import reasons
from components.protocol.labels import LabelError

REQUIRED = ("video", "task", "question")
TOLD = ("answer", "start", "end", "time")
COLUMNS = (*REQUIRED, "question_time", *TOLD, "absent", "sample", "source", "duration")
SHARED = ("video", "task", "question", "question_time", "source", "duration", "absent")
JSON_LINES = (".jsonl", ".ndjson")
DIFFERS = "sample_differs"
ABSENT, NEGATIVE = "absent", "negative"  # kind of the label, name of the note
YES, NO = ("yes", "true", "1"), ("no", "false", "0")
UNKNOWN_TASK = "unknown_task"
STREAMED = tuple(task for task in TASKS if task != "base_qa")
Row = Mapping[str, Any]


def read(paths: Sequence[Path], options: Options) -> Imported:
    """One label a sample; see the module.

    Raises:
        DataError: a file has a column that is not known, lacks a required one, or is of another kind.

    """
    account = Account("own", options)
    for path in paths:
        samples: dict[str, list[tuple[int, Row | LabelError]]] = {}
        for number, row in _rows(path):
            sample = None if isinstance(row, LabelError) or _empty(row, "sample") else row["sample"]
            name = str(number) if sample is None else f"sample {sample}"
            samples.setdefault(name, []).append((number, row))
        for name, rows in samples.items():
            account.take(f"{path.name}:{name}", _draft, account, rows, path.stem)
    return account.close()


def _rows(path: Path) -> Iterator[tuple[int, Row | LabelError]]:
    """Line number and row; a LabelError in place of a line that is none."""
    kind = path.suffix.lower()
    if kind == ".csv":
        yield from read_csv(path, REQUIRED, COLUMNS)
        return
    if kind not in JSON_LINES:
        raise DataError(f"{path}: expected a name that ends in .csv (commas), {' or '.join(JSON_LINES)}")
    for number, line in read_lines(path):
        try:
            row = parse_line(line)
            if not isinstance(row, dict):
                raise LabelError(reasons.MALFORMED, f"expected an object, found {line!r:.80}")
        except LabelError as error:
            yield number, error
            continue
        check_columns(path, row, COLUMNS)
        yield number, row


def _draft(account: Account, rows: Sequence[tuple[int, Row | LabelError]], stem: str) -> Draft:
    """The label of one sample; a single row's fault rejects it, one of several is dropped."""
    read = [row for _, row in rows if not isinstance(row, LabelError)]
    if not read:
        raise next(row for _, row in rows if isinstance(row, LabelError))
    length = next((row["duration"] for row in read if not _empty(row, "duration")), "")
    head = {**read[0], "duration": length}  # it need not stand in every row
    draft = _asked(account, head, stem)
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


def _asked(account: Account, row: Row, stem: str) -> Draft:
    task = checks.field(row, "task")
    if task not in STREAMED:
        raise LabelError(UNKNOWN_TASK, f"task {task!r:.40}; expected one of {', '.join(STREAMED)}")
    video = checks.path("", checks.field(row, "video"))
    asked = 0.0 if _empty(row, "question_time") else checks.seconds(row["question_time"])
    question = (None, checks.text(checks.field(row, "question")), asked)
    source = str(row.get("source") or stem)
    own = None if _empty(row, "duration") else checks.duration(row["duration"])
    length = account.length(video, own)
    if not _absent(row):
        return Draft(video, task, source, [question], [], task, length)
    return Draft(video, task, source, [question], [], ABSENT, length, notes=[NEGATIVE], negative=True)


def _absent(row: Row) -> bool:
    """Whether the row is a negative; `malformed` for a word that is neither yes nor no."""
    said = "no" if _empty(row, "absent") else str(row["absent"]).strip().lower()
    if said not in (*YES, *NO):
        raise LabelError(reasons.MALFORMED, f"absent: expected yes or no, found {row['absent']!r:.40}")
    return said in YES


def _respond(draft: Draft, row: Row, head: Row) -> None:
    differs = [
        name
        for name in SHARED
        if (row.get(name) or "") != (head.get(name) or "")
        and not (name == "duration" and _empty(row, "duration"))
    ]
    if differs:
        raise LabelError(
            DIFFERS, f"{differs[0]} is {row.get(differs[0])!r:.60}, the sample's first row says otherwise"
        )
    told = [name for name in TOLD if not _empty(row, name)]
    if draft.negative:
        if told:
            raise LabelError(reasons.MALFORMED, f"absent is yes, so {', '.join(told)} must be empty")
        return
    if "time" in told and {"start", "end"} & {*told}:
        raise LabelError(reasons.MALFORMED, "give start and end, or time, not both")
    if _empty(row, "start") and _empty(row, "end"):
        asked = draft.questions[0][2]
        draft.instant(
            checks.text(row.get("answer")), asked if _empty(row, "time") else checks.seconds(row["time"])
        )
        return
    start, end, trimmed = checks.span(row.get("start"), row.get("end"), draft.duration_s)
    spoken = draft.task == GROUNDING and _empty(row, "answer")
    draft.span(span_text(start, end) if spoken else checks.text(row.get("answer")), start, end)
    draft.notes += [checks.TRIMMED] * trimmed


def _empty(row: Row, key: str) -> bool:
    value = row.get(key)
    return value is None or (isinstance(value, str) and not value.strip())
