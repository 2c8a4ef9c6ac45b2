"""The raw label format (reference.md): what stands between annotators of any kind and the converter."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.core.hashing import sha256_bytes
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
    digest = sha256_bytes(json.dumps(dict(raw), sort_keys=True, default=repr).encode())
    return f"{raw.get('task_type') or 'unknown'}-{video_id(raw) or 'unknown'}-{digest[:12]}"


def video_id(raw: Mapping[str, Any]) -> str:
    """The video a label names (its path, else its name); empty where it names none."""
    name = raw.get("video_path") or raw.get("video_name")
    return name if isinstance(name, str) else ""


def read_label(raw: Mapping[str, Any]) -> Label:
    """Check the outer form of a raw label.

    Raises:
        LabelError: `malformed`: no video, `question` or `response` is not a list of objects, or a text holds
            half a surrogate pair, which no file can hold.

    """
    if not video_id(raw):
        raise LabelError(reasons.MALFORMED, "expected the video's id as text in video_path")
    for key in ("question", "response"):
        items = raw.get(key, [])
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise LabelError(reasons.MALFORMED, f"expected a list of objects in {key!r}, found {items!r:.80}")
    for text in _texts(raw):
        if not _writable(text):
            raise LabelError(
                reasons.MALFORMED, f"{text!r:.80} is not valid Unicode and cannot be written as UTF-8"
            )
    return Label(
        sample_id=label_id(raw),
        video_id=video_id(raw),
        task=str(raw.get("task_type") or ""),
        source=str(raw.get("source") or ""),
        questions=raw.get("question", []),
        responses=raw.get("response", []),
    )


def _texts(raw: Mapping[str, Any]) -> list[str]:
    """Every text of a label that ends up in a table."""
    items = [raw.get(key) for key in ("id", "video_path", "video_name", "task_type", "source")]
    for key in ("question", "response"):
        items += [item.get("content") for item in raw.get(key, [])]
    return [item for item in items if isinstance(item, str)]


def _writable(text: str) -> bool:
    """Whether a text holds no half of a surrogate pair."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def clean_text(item: Mapping[str, Any]) -> str:
    """The `content` of a question or response without blanks around it.

    Raises:
        LabelError: there is no text, or it spells a state token or the frame placeholder.

    """
    text = item.get("content")
    stripped = text.strip() if isinstance(text, str) else ""
    if not stripped:
        raise LabelError(reasons.EMPTY_TEXT, f"expected text in 'content', found {text!r}")
    assert isinstance(text, str)
    if contains_state_token(text):
        raise LabelError(reasons.STATE_SPELLED, f"{text!r:.80} spells a state token")
    if FRAME in text:
        raise LabelError(reasons.FRAME_SPELLED, f"{text!r:.80} spells the frame placeholder {FRAME}")
    return stripped
