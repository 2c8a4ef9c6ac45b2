"""What an annotator that answers clip by clip looks like from outside (the synthetic world)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True)
class Request:
    """One question to a teacher about one video.

    Attributes:
        task: the annotation task, e.g. `narration`.
        video_id: POSIX path below the media root.
        path: the video file, for teachers that look at it; None for those that do not.
        duration_s: its length in seconds.
        schema: JSON schema (the subset of components/annotate/guard.py) that `Answer.data` must meet.
        payload: task-specific inputs as plain JSON values, e.g. `{"times": [3, 7]}`.

    """

    task: str
    video_id: str
    path: Path | None
    duration_s: float
    schema: Mapping[str, Any]
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """A teacher's answer as plain JSON values; the caller checks `data` against the request's schema."""

    data: Any


class Refusal(Exception):  # noqa: N818 - an outcome of asking, not a programming error
    """No usable answer; the caller quarantines the video with `reason` and `detail`, or counts the refusal.

    `key` is the hash of the request where one was sent (components/teacher/client.py), else empty.
    """

    def __init__(self, reason: str, detail: str, key: str = ""):
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail, self.key = reason, detail, key


@runtime_checkable
class Teacher(Protocol):
    """Answers requests, the same way each time. `name` and `version` go into the source of every label."""

    name: str
    version: str

    def answer(self, request: Request) -> Answer:
        """Answer one request.

        Raises:
            Refusal: this video cannot be annotated by this teacher.

        """
