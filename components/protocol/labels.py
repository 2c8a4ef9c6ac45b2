"""The raw label format (reference.md): what stands between annotators of any kind and the converter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.core.hashing import fingerprint
from components.protocol import reasons
from components.protocol.states import contains_state_token
from components.protocol.turns import FRAME


class LabelError(ValueError):
    """Something that cannot be used: `reason` is a word of `reasons.MEANING`, `detail` a sentence."""

    def __init__(self, reason: str, detail: str):
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class Label:
    """A raw label whose outer form has been checked; questions and responses are still raw."""

    sample_id: str
    video_id: str
    task: str
    source: str
    questions: list[dict[str, Any]]
    responses: list[dict[str, Any]]


def label_id(raw: Mapping[str, Any]) -> str:
    """The label's own id; `<task>-<video>-<digest of the label>` where it bears none."""
    own = raw.get("id")
    if isinstance(own, str) and own:
        return own
    return f"{raw.get('task_type') or 'unknown'}-{video_id(raw) or 'unknown'}-{fingerprint(dict(raw))[:12]}"


def video_id(raw: Mapping[str, Any]) -> str:
    """The video a label names (its path, else its name); empty where it names none."""
    name = raw.get("video_path") or raw.get("video_name")
    return name if isinstance(name, str) else ""


def read_label(raw: Mapping[str, Any]) -> Label:
    """Check the outer form of a raw label.

    Raises:
        LabelError: `malformed`: no video, or `question` or `response` is not a list of objects.

    """
    if not video_id(raw):
        raise LabelError(reasons.MALFORMED, "expected the video's id as text in video_path")
    for key in ("question", "response"):
        items = raw.get(key, [])
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise LabelError(reasons.MALFORMED, f"expected a list of objects in {key!r}, found {items!r:.80}")
    return Label(
        sample_id=label_id(raw),
        video_id=video_id(raw),
        task=str(raw.get("task_type", "")),
        source=str(raw.get("source", "")),
        questions=raw.get("question", []),
        responses=raw.get("response", []),
    )


def clean_text(item: Mapping[str, Any]) -> str:
    """The `content` of a question or response without blanks around it.

    Raises:
        LabelError: there is no text, or it spells a state token or the frame placeholder.

    """
    text = item.get("content")
    if not isinstance(text, str) or not text.strip():
        raise LabelError(reasons.EMPTY_TEXT, f"expected text in 'content', found {text!r}")
    if contains_state_token(text):
        raise LabelError(reasons.STATE_SPELLED, f"{text!r:.80} spells a state token")
    if FRAME in text:
        raise LabelError(reasons.FRAME_SPELLED, f"{text!r:.80} spells the frame placeholder {FRAME}")
    return text.strip()
