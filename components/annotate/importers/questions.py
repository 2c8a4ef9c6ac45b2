"""Question sets: one label a question, `offline_qa`, asked and answered on the video's last turn.

The questions are about the whole video, so they come when it has been seen; that needs the video's length:
from the row, from the caller, or from the file below the media root.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from components.annotate.importers import checks
from components.annotate.importers.account import Draft, Options
from components.core.errors import DataError
from components.protocol.labels import LabelError
from components.video.probe import probe_many
from components.video.root import MediaRoot
from components.video.times import num_turns

TASK = "offline_qa"
UNKNOWN_DURATION = "unknown_duration"
PICTURE = ("<image>", "<video>")  # where a chat format puts the frames; ours go with the turns


def lengths(options: Options, videos: Iterable[str]) -> dict[str, float]:
    """Seconds by video_id: those the caller knows, and with a media root those of the files that decode."""
    wanted = sorted(set(videos))
    known = {video: float(options.durations[video]) for video in wanted if video in options.durations}
    if options.media_root is None:
        return known
    root, paths = MediaRoot(options.media_root), {}
    for video in wanted:
        if video not in known:
            try:
                paths[video] = root.resolve(video)
            except DataError:
                continue  # its rows are rejected: `unknown_duration`
    found = probe_many(list(paths.values()), quick=True)
    for video, probe in zip(paths, found, strict=True):
        if probe.ok and probe.duration_s:
            known[video] = probe.duration_s
    return known


def ask(video: str, source: str, said: Any, answer: Any, duration_s: float | None) -> Draft:
    """The label of one question.

    Raises:
        LabelError: `unknown_duration`, and the reasons of `checks.text`.

    """
    if duration_s is None:
        raise LabelError(
            UNKNOWN_DURATION,
            f"{video!r}: the set does not say how long it is; give --durations FILE or --media-root DIR",
        )
    asked = float(num_turns(duration_s) - 1)
    draft = Draft(video, TASK, source, [(TASK, without_picture(said), asked)], [], "offline", duration_s)
    draft.instant(checks.text(answer), asked)
    return draft


def without_picture(said: Any) -> str:
    """A question without the placeholder of its frames."""
    if isinstance(said, str):
        for mark in PICTURE:
            said = said.replace(mark, "")
    return checks.text(said)


def message(value: Any, sender: str) -> str:
    """The text of one message of a conversation `{"from", "value"}`; `malformed` if it is not `sender`'s."""
    if checks.field(value, "from") != sender:
        raise LabelError("malformed", f"expected a message from {sender!r}, found {value!r:.80}")
    said: Any = checks.field(value, "value")
    return checks.text(said)


def exchanges(row: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """Question and answer messages of a row, in turn; `malformed` if they do not come in pairs."""
    messages = checks.items(row, "conversations")
    if not messages or len(messages) % 2:
        raise LabelError("malformed", f"expected pairs of messages, found {len(messages)} messages")
    return list(zip(messages[::2], messages[1::2], strict=True))
