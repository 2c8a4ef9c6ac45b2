"""LLaVA-Video-178K: open-ended and multiple-choice questions in conversations, one label an exchange.

Form: `[{id, video, data_source, conversations: [human, gpt, human, gpt, ...]}]`; the dataset card of
lmms-lab/LLaVA-Video-178K (splits caption, open_ended, multi_choice) and the loader of LLaVA-VL/LLaVA-NeXT: a
message is {"from": "human" | "gpt", "value"}, the first one of a row begins with `<image>`. A multiple-choice
question lists its options ("A. ...") and the answer is a letter with its option; both stay as they are.
Written from public documentation, not tried on the files themselves. Lengths are not in the set: give
--durations or --media-root. Videos: `LLaVA_Video/<data_source>/<video>`, where the set's archives unpack and
the released labels of Streamo look for them.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.annotate.importers import checks, questions
from components.annotate.importers.account import Account, Draft, Imported, Options
from components.annotate.importers.rows import read_numbered
from components.protocol.labels import LabelError

SOURCE, FOLDER = "llava_video", "LLaVA_Video"


def read(paths: Sequence[Path], options: Options) -> Imported:
    """One label an exchange; a row that holds none is one rejection. See the package."""
    account = Account(SOURCE, options)
    known = questions.lengths(options, (video for path in paths for video in _videos(path)))
    for path in paths:
        for number, row in read_numbered(path):
            _take(account, f"{path.name}:{number}", row, known)
    return account.close()


def _videos(path: Path) -> Iterator[str]:
    for _, row in read_numbered(path):
        try:
            yield _video(row)
        except LabelError:
            continue  # the row is rejected when it is taken


def _video(row: Any) -> str:
    video = checks.path("", checks.field(row, "video"))
    part = row.get("data_source") or ""
    return checks.path(FOLDER, f"{part}/{video}" if isinstance(part, str) and part else video)


def _take(account: Account, where: str, row: Any, known: Mapping[str, float]) -> None:
    try:
        video, pairs = _video(row), questions.exchanges(row)
    except LabelError as error:
        account.refuse(where, error)
        return
    source = f"{SOURCE}/{row.get('data_source') or 'unknown'}"
    if video not in known:
        account.waiting[video, source] += len(pairs)
    for number, pair in enumerate(pairs):
        account.take(f"{where}:{number}", _draft, video, source, pair, known.get(video))


def _draft(video: str, source: str, pair: tuple[Any, Any], duration_s: float | None) -> Draft:
    asked, answer = questions.message(pair[0], "human"), questions.message(pair[1], "gpt")
    return questions.ask(video, source, asked, answer, duration_s)
