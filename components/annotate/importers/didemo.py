"""DiDeMo: `[{video, description, num_segments, times: [[first, last]]}]`, segments of 5 seconds.

Segments [a, b] are seconds [5 a, 5 (b + 1)) (README of LisaAnne/LocalizingMoments, Annotations). Two stated
rules: the span is the one most annotators gave, and at least two must have given it (a tie: the one that
overlaps the others' best, then the earliest); the video is taken to last 5 s a segment, the part that was
annotated: the last segment may be shorter and a longer video goes on. Where the videos are at hand, convert
with `--media-root` instead of the durations file.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.annotate.importers import checks, grounding
from components.annotate.importers.account import Account, Draft, Imported, Options
from components.annotate.importers.checks import OUTSIDE_VIDEO
from components.annotate.importers.rows import read_numbered
from components.protocol import reasons
from components.protocol.labels import LabelError
from components.protocol.times import LONGEST_S

SOURCE = FOLDER = "didemo"
SEGMENT_S = 5.0
MOST_SEGMENTS = int(LONGEST_S / SEGMENT_S)
AGREE = 2  # annotators
DISAGREE = "annotators_disagree"
Segments = tuple[int, int]


def read(paths: Sequence[Path], options: Options) -> Imported:
    """One label a description; see the package."""
    account = Account(SOURCE, options)
    for path in paths:
        for number, row in read_numbered(path):
            account.take(f"{path.name}:{number}", _draft, account, row)
    return account.close()


def _draft(account: Account, row: Any) -> Draft:
    video, segments = checks.path(FOLDER, checks.field(row, "video")), checks.field(row, "num_segments")
    if isinstance(segments, bool) or not isinstance(segments, int) or not 0 < segments <= MOST_SEGMENTS:
        detail = f"expected 1 to {MOST_SEGMENTS} segments, found {segments!r:.80}"
        raise LabelError(checks.BAD_DURATION, detail)
    first, last = agreed([_segments(pair, segments) for pair in checks.items(row, "times")])
    span = (SEGMENT_S * first, SEGMENT_S * (last + 1))
    said, by_segments = checks.field(row, "description"), SEGMENT_S * segments
    draft = grounding.query(video, SOURCE, said, [span], account.length(video, by_segments))
    if account.length(video, None) is None:
        draft.notes.append("duration_by_segments")
    return draft


def _segments(value: Any, number: int) -> Segments:
    first, last = checks.pair(value)
    if not all(isinstance(segment, int) and not isinstance(segment, bool) for segment in (first, last)):
        raise LabelError(reasons.UNREADABLE_TIME, f"expected two whole numbers, found {value!r:.80}")
    if last < first:
        raise LabelError(reasons.ENDS_BEFORE_START, f"segments {value}")
    if not 0 <= first <= last < number:
        raise LabelError(OUTSIDE_VIDEO, f"segments {value} of {number}")
    return first, last


def agreed(given: Sequence[Segments]) -> Segments:
    """The segments most annotators gave.

    Raises:
        LabelError: `annotators_disagree`: no two gave the same.

    """
    times = Counter(given)
    most = max(times.values(), default=0)
    if most < AGREE:
        raise LabelError(DISAGREE, f"{len(given)} annotators gave {sorted(times)}")
    tied = sorted(span for span, number in times.items() if number == most)
    return max(tied, key=lambda span: sum(_overlap(span, other) for other in given))


def _overlap(one: Segments, two: Segments) -> float:
    """Intersection over union of two runs of segments."""
    shared = max(0, min(one[1], two[1]) - max(one[0], two[0]) + 1)
    return shared / (max(one[1], two[1]) - min(one[0], two[0]) + 1 if shared else 1)
