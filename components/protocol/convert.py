"""Raw label -> stream dialogue, by the corrected or by the released rules."""

import math
from collections.abc import Mapping
from typing import Any, Literal

from components.core.errors import UsageError
from components.protocol import reasons
from components.protocol.corrected import convert_corrected, quarantine_sample
from components.protocol.labels import LabelError, label_id, read_label, video_id
from components.protocol.placed import Placed
from components.protocol.released import convert_released
from components.protocol.times import MICRO
from components.protocol.turns import Dialogue

Rules = Literal["corrected", "released"]
RULES: tuple[Rules, Rules] = ("corrected", "released")

_SLACK_S = (
    1e-6  # a duration is a sum of binary fractions; its number of turns must not depend on the last bit
)


def convert_sample(
    raw: Mapping[str, Any],
    num_turns: int,
    *,
    duration_s: float | None = None,
    fps: float = 1.0,
    rules: str = "corrected",
) -> Dialogue:
    """The stream dialogue of one raw label (design.md, The rules of time; reference.md, Converter).

    Args:
        raw: a raw label; it is not changed.
        num_turns: turns of the video, ceil(duration_s) and at least 1; released rules take their own number.
        duration_s: length of the video in seconds from its first frame; None means `num_turns` seconds.
        fps: frames a second; matters to released rules only.
        rules: `corrected` or `released`.

    Returns:
        A dialogue whose `counts` balance (rule 7). A sample that cannot be used has no turns and says why in
        `quarantine`; responses that cannot be used are in `quarantine` while the rest stays.

    Raises:
        UsageError: unknown rules, fps not positive, no turn, or a duration that does not fit the turns.

    """
    return convert_placed(raw, num_turns, duration_s=duration_s, fps=fps, rules=rules).dialogue()


def convert_placed(
    raw: Mapping[str, Any],
    num_turns: int,
    *,
    duration_s: float | None = None,
    fps: float = 1.0,
    rules: str = "corrected",
) -> Placed:
    """`convert_sample` without spelling the turns out: what tables are made of."""
    if rules not in RULES:
        raise UsageError(f"rules {rules!r} are not known; expected one of {', '.join(RULES)}")
    if not fps > 0:
        raise UsageError(f"fps must be positive, found {fps}")
    seconds = float(num_turns) if duration_s is None else float(duration_s)
    if rules == "corrected":
        _check_turns(num_turns, seconds)
    try:
        label = read_label(raw)
    except LabelError as error:
        return refused(raw, error, seconds)
    if rules == "corrected":
        return convert_corrected(label, num_turns, seconds)
    if num_turns < 1:
        return refused(raw, LabelError(reasons.NO_TURN, "the clip is shorter than one frame step"), seconds)
    return convert_released(label, num_turns, seconds, fps)


def num_turns(duration_s: float) -> int:
    """`ceil(duration)`, at least 1; a duration that is whole to the microsecond is whole."""
    return max(1, math.ceil(round(duration_s, MICRO)))


def _check_turns(turns: int, seconds: float) -> None:
    if turns < 1:
        raise UsageError(f"a video has at least one turn, found num_turns={turns}")
    if not math.isfinite(seconds) or seconds < 0 or turns != num_turns(seconds):
        raise UsageError(f"{turns} turns do not fit {seconds} s; expected ceil(duration_s), at least 1")


def refused(raw: Mapping[str, Any], error: LabelError, duration_s: float = 0.0) -> Placed:
    """No turns for a label set aside whole; its questions and responses are counted."""
    counted = [
        len(items) if isinstance(items := raw.get(key), list) else 0 for key in ("question", "response")
    ]
    task, source = str(raw.get("task_type") or ""), str(raw.get("source") or "")
    dialogue = Dialogue(label_id(raw), video_id(raw), task, source, duration_s, [])
    dialogue.counts.questions_in, dialogue.counts.responses_in = counted
    return Placed(quarantine_sample(dialogue, error))
