"""What a `base_qa` label of a user's file must be, so that stage base can train on it as it is."""

import math
from typing import Any

from components.protocol import reasons
from components.protocol.labels import Label, LabelError, clean_text
from components.protocol.times import parse_time
from components.video.times import num_turns

TASK = "base_qa"
ONE_FRAME = ("frame_caption", "frame_qa")
CLIP = "clip_qa"
UNKNOWN_KIND = "unknown_kind"


def check(label: Label, kind: Any, duration_s: float) -> str:
    """The kind of a usable label; one without is about the clip, which is right for any question.

    Args:
        label: read by `read_label`, with a question.
        kind: what the label says it is, or None.
        duration_s: of its video.

    Raises:
        LabelError: `unknown_kind`; `malformed` (not one answer a question, or several about one frame);
            `empty_text`, `state_token_in_text`, `frame_token_in_text`, `unreadable_time`,
            `question_after_end`.

    """
    kind = CLIP if kind is None else kind
    if kind not in (*ONE_FRAME, CLIP):
        raise LabelError(UNKNOWN_KIND, f"kind {kind!r}; expected one of {', '.join((*ONE_FRAME, CLIP))}")
    questions, answers = len(label.questions), len(label.responses)
    if questions != answers:
        raise LabelError(reasons.MALFORMED, f"{questions} questions and {answers} answers; expected pairs")
    if kind in ONE_FRAME and questions > 1:
        raise LabelError(reasons.MALFORMED, f"{questions} questions; a {kind} label has one")
    last = num_turns(duration_s) - 1
    for item in label.questions:
        asked = _time(item)
        if math.ceil(asked) > last:
            detail = f"asked at {asked} s, the last turn begins at {last} s"
            raise LabelError(reasons.QUESTION_AFTER_END, detail)
    for item in [*label.questions, *label.responses]:
        clean_text(item)
        _time(item)
    return str(kind)


def _time(item: dict[str, Any]) -> float:
    try:
        time = parse_time(item.get("time"))
    except ValueError as error:
        raise LabelError(reasons.UNREADABLE_TIME, str(error)) from None
    if time is None:
        raise LabelError(reasons.UNREADABLE_TIME, f"{item!r:.80} has no time")
    return time
