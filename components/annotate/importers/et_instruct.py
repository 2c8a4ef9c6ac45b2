"""ET-Instruct-164K: grounding, captions and questions in conversations, one label a row.

Form: `[{task, source, video, duration, src?, tgt?, conversations: [human, gpt]}]` (docs/DATASET.md of
PolyU-ChenLab/ETBench); tasks: E.T. Bench, arXiv 2409.18111. Both files are read: `_txt` tells times in words
("2.5 - 4.8 seconds"), `_vid` writes `<vid>` for each, its value in `src` (questions) or `tgt` (answers).
Written from public documentation, not tried on the files themselves.

| theirs | ours |
|---|---|
| tvg, epm, tal | event_grounding; spans from `tgt`, query: see `query` |
| dvc, slc | event_caption: "a - b seconds, caption" clauses with the times of `tgt` |
| rar, eca, rvq | offline_qa; spans are told our way, single seconds reject the row: see `ours` |
| others | rejected, `task_not_streamed`: no answer becomes due at a moment of the stream |
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from components.annotate.ground import span_text
from components.annotate.importers import captions, checks, grounding, questions
from components.annotate.importers.account import Account, Draft, Imported, Options
from components.annotate.importers.rows import read_numbered
from components.protocol import reasons
from components.protocol.labels import LabelError

NOT_STREAMED, UNREADABLE, TIME_TOLD = "task_not_streamed", "answer_unreadable", "time_in_text"
MARK = "<vid>"
NEAR_S = 0.051  # the text rounds to a tenth

# What is matched is bounded: a row of 20,000 digits or quotation marks must not take minutes.
_NUMBER = r"(?<!\d)(\d+(?:\.\d+)?)"
_SPAN = re.compile(rf"(?:\bfrom\s+)?{_NUMBER}\s*(?:-|\u2013|to)\s*{_NUMBER}\s*s(?:ec(?:ond)?s?)?\b")
_SECOND = re.compile(rf"{_NUMBER}\s*s(?:ec(?:ond)?s?)?\b")
_FORMAT = re.compile(
    r"(?:The format of your|Your|The) (?:response|answer|output)\b.*", re.DOTALL | re.IGNORECASE
)
_QUOTED = re.compile("(?<!\\w)['\"\u2018\u201c](.{1,1000})['\"\u2019\u201d](?!\\w)", re.DOTALL)


def read(paths: Sequence[Path], options: Options) -> Imported:
    """One label a row; see the package."""
    account = Account("et_instruct", options)
    for path in paths:
        for number, row in read_numbered(path):
            account.take(f"{path.name}:{number}", _draft, account, row)
    return account.close()


def _draft(account: Account, row: Any) -> Draft:
    task = checks.field(row, "task")
    make = _MAKERS.get(task) if isinstance(task, str) else None
    if make is None:
        raise LabelError(NOT_STREAMED, f"task {task!r:.40}; taken are {', '.join(sorted(_MAKERS))}")
    pairs = questions.exchanges(row)
    if len(pairs) != 1:
        raise LabelError(reasons.MALFORMED, f"expected one question and one answer, found {len(pairs)} pairs")
    asked = fill(questions.message(pairs[0][0], "human"), numbers(row, "src"))
    told = fill(questions.message(pairs[0][1], "gpt"), numbers(row, "tgt"))
    return make(account, row, asked, told)


def numbers(row: Any, key: str) -> list[float]:
    """`src` or `tgt` as seconds: a flat list, or a list of pairs; empty where the row has none."""
    value = row.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise LabelError(reasons.UNREADABLE_TIME, f"expected a list in {key!r}, found {value!r:.80}")
    flat = [item for entry in value for item in (entry if isinstance(entry, list) else [entry])]
    return [checks.seconds(item) for item in flat]


def fill(said: str, times: Sequence[float]) -> str:
    """A text of the `_vid` file with its times in words; `malformed` if marks and times do not match."""
    if said.count(MARK) not in (0, len(times)):
        detail = f"{said.count(MARK)} times {MARK} and {len(times)} times"
        raise LabelError(reasons.MALFORMED, detail)
    left = iter(times)
    return re.sub(re.escape(MARK), lambda _: f"{next(left):.1f}", said)


def _frame(account: Account, row: Any) -> tuple[str, str, float | None]:
    source = f"et_instruct/{row.get('source') or 'unknown'}"
    video, own = checks.path("", checks.field(row, "video")), checks.duration(checks.field(row, "duration"))
    return video, source, account.length(video, own)


def _grounding(account: Account, row: Any, asked: str, told: str) -> Draft:
    video, source, length = _frame(account, row)
    return grounding.query(video, source, query(asked), spans(row), length)


def query(asked: str) -> str:
    """What a grounding question looks for: its quoted text, else what stands before the answer's format."""
    before = _FORMAT.sub("", questions.without_picture(asked))
    quoted = _QUOTED.search(before)
    return quoted[1] if quoted else before


def spans(row: Any) -> list[tuple[float, float]]:
    """The pairs of `tgt`."""
    flat = numbers(row, "tgt")
    if len(flat) % 2:
        raise LabelError(reasons.UNREADABLE_TIME, f"expected pairs of times in 'tgt', found {flat!r:.80}")
    return list(zip(flat[::2], flat[1::2], strict=True))


def _captions(account: Account, row: Any, asked: str, told: str) -> Draft:
    video, source, length = _frame(account, row)
    events, given = list(clauses(told)), spans(row)
    near = len(events) == len(given) and all(
        abs(one - two) <= NEAR_S
        for event, span in zip(events, given, strict=True)
        for one, two in zip(event[:2], span, strict=True)
    )
    if given and not near:
        raise LabelError(UNREADABLE, f"{len(events)} clauses in the answer do not match the spans of 'tgt'")
    if given:
        events = [(*span, event[2]) for span, event in zip(given, events, strict=True)]
    return captions.take_video(captions.new_video(video, source, length), events)


def clauses(told: str) -> Iterator[captions.Event]:
    """Start, end and caption of each "a - b seconds, caption." of an answer."""
    found = list(_SPAN.finditer(told))
    for number, match in enumerate(found):
        stop = found[number + 1].start() if number + 1 < len(found) else len(told)
        yield float(match[1]), float(match[2]), told[match.end() : stop].strip(" ,;:\n")


def _question(account: Account, row: Any, asked: str, told: str) -> Draft:
    video, source, length = _frame(account, row)
    return questions.ask(video, source, ours(asked), ours(told), length)


def ours(said: str) -> str:
    """A text whose spans are told our way, so that they follow the offset of a clip's time tags.

    Raises:
        LabelError: `time_in_text`: it tells another time.

    """
    rest = _SPAN.sub("", said)
    if _SECOND.search(rest):
        raise LabelError(TIME_TOLD, f"{said!r:.120} tells a second that would not follow a clip's offset")
    return _SPAN.sub(lambda match: span_text(float(match[1]), float(match[2])), said)


_MAKERS: dict[str, Callable[[Account, Any, str, str], Draft]] = {
    **dict.fromkeys(("tvg", "epm", "tal"), _grounding),
    **dict.fromkeys(("dvc", "slc"), _captions),
    **dict.fromkeys(("rar", "eca", "rvq"), _question),
}
