"""The two passes of a probe over one stream: every packet, then every picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from components.video import media
from components.video.limits import Limits


class RejectedError(Exception):
    """The file is not usable: `reason` is a word of the README's table, `detail` says it in words."""

    def __init__(self, reason: str, detail: str):
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class Times:
    """Timestamps (ticks) in the order they came, the duration of the one shown last, and odd things seen."""

    pts: list[int]
    last_duration: int
    rotation: int | None = None
    damaged: int = 0


class Span:
    """Collects timestamps and stops a stream that runs longer than the limit."""

    def __init__(self, stream: VideoStream, limits: Limits):
        self.limit = int(Fraction(limits.max_duration_s) / media.time_base(stream))
        self.text = f"longer than {limits.max_duration_s:g} s"
        self.pts: list[int] = []
        self.low = self.high = self.last_duration = 0

    def add(self, tick: int, duration: int | None) -> None:
        """Count one picture; RejectedError(`too_long`) if the stream now spans more than the limit."""
        if not self.pts:
            self.low = self.high = tick
        if tick >= self.high:
            self.high, self.last_duration = tick, duration or 0
        self.low = min(self.low, tick)
        self.pts.append(tick)
        if self.high - self.low > self.limit:
            raise RejectedError("too_long", self.text)


def check_pixels(width: int, height: int, limits: Limits) -> None:
    """RejectedError(`too_many_pixels`) above the limit."""
    if width * height > limits.max_pixels:
        raise RejectedError("too_many_pixels", f"{width}x{height} is more than {limits.max_pixels} pixels")


def read_packets(container: InputContainer, stream: VideoStream, limits: Limits) -> Times:
    """Timestamps of the packets that show a picture; finds cut-off files without decoding.

    A packet outside the edit list (`is_discard`) is decoded for reference but never shown. Where the
    container keeps an index (MP4, MOV), fewer packets than it lists mean that the file's end is missing.
    """
    span, step = Span(stream, limits), max(1, media.nominal_ticks(stream))
    read = damaged = 0
    cut = False
    for packet in container.demux(stream):
        if packet.size == 0:
            continue
        read, damaged, cut = read + 1, damaged + packet.is_corrupt, packet.is_corrupt
        if not packet.is_discard:
            span.add(packet.pts if packet.pts is not None else span.high + step, packet.duration)
    promised = len(stream.index_entries) if container.format.name.startswith("mov") else 0
    if cut or read < promised:
        raise RejectedError(
            "truncated", f"the file ends in picture {read}" + (f" of {promised}" if promised else "")
        )
    if not span.pts:
        raise RejectedError("undecodable", "the video stream holds no picture")
    return Times(span.pts, span.last_duration, damaged=damaged)


def decode_all(container: InputContainer, stream: VideoStream, limits: Limits) -> Times:
    """Decode the stream to its end; timestamps in the decoder's order."""
    span = Span(stream, limits)
    rotation: int | None = None
    for tick, frame in _frames(container, stream, span.pts):
        check_pixels(frame.width, frame.height, limits)
        rotation = media.display_rotation(frame) if rotation is None else rotation
        span.add(tick, frame.duration)
    if not span.pts:
        raise RejectedError("undecodable", "no picture could be decoded")
    return Times(span.pts, span.last_duration, rotation)


def _frames(
    container: InputContainer, stream: VideoStream, done: list[int]
) -> Iterator[tuple[int, VideoFrame]]:
    try:
        yield from media.timed_frames(container, stream)
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise RejectedError("undecodable", f"after {len(done)} pictures: {plain(error)}") from None


def plain(error: Exception) -> str:
    """FFmpeg's words without the path, which the result names already."""
    return " ".join(str(getattr(error, "strerror", None) or error).split())
