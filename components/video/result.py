"""What a probe says of one file."""

from dataclasses import asdict, dataclass
from typing import Any

from components.video.times import num_turns


@dataclass(frozen=True)
class Probe:
    """One file's facts; what is unknown (of a rejected file, or by a quick probe) is None.

    Attributes:
        path: the file as the caller named it.
        reason: None if usable, else one snake_case word of the README's table.
        detail: the reason in words.
        duration_s: last pts + its duration - first pts, seconds.
        frames: pictures of the first real video stream.
        fps: frames / duration.
        variable_rate: whether the pictures are spaced unevenly.
        rotation: clockwise degrees for display (0, 90, 180, 270), known only from a decoded frame.
        width, height: of the stored picture, before rotation.
        codec: FFmpeg's name of the codec.
        note: what is odd but harmless, e.g. `timestamps out of order`.

    """

    path: str
    reason: str | None = None
    detail: str | None = None
    duration_s: float | None = None
    frames: int | None = None
    fps: float | None = None
    variable_rate: bool | None = None
    rotation: int | None = None
    width: int | None = None
    height: int | None = None
    codec: str | None = None
    note: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the file is usable."""
        return self.reason is None

    @property
    def status(self) -> str:
        """`ok` or `rejected`."""
        return "ok" if self.ok else "rejected"

    @property
    def turns(self) -> int | None:
        """Turns of one second, at least one; None for a rejected file."""
        return num_turns(self.duration_s) if self.ok and self.duration_s is not None else None

    def to_json(self) -> dict[str, Any]:
        """The object `streamo probe --json` prints."""
        return {**asdict(self), "status": self.status, "turns": self.turns}
