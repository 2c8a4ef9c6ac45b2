"""Decodes the pictures on screen at given instants: by timestamp where that is exact, else by order."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from components.core.errors import DataError
from components.video import media
from components.video.index import Index, read_index
from components.video.times import last_tick

# Seeking costs about as much as decoding this many pictures (measured: benchmarks/bench_frames.py).
WORTH_A_SEEK = 12
# Codecs whose non-reference pictures are never used by another: leaving one out changes nothing else. (HEVC's
# are only unused within their own temporal layer.)
SKIPPABLE = frozenset({"h264", "mpeg2video", "mpeg4"})


def pick(path: Path, times_s: Sequence[float]) -> Iterator[tuple[VideoFrame, list[int]]]:
    """Each picture needed, once, with the positions in `times_s` it answers.

    Raises:
        DataError: the file cannot be opened or has no picture to show.

    """
    try:
        yield from _pick(path, times_s)
    except av.error.FFmpegError as error:
        raise DataError(f"{path}: cannot be decoded ({error}); `streamo probe` says why") from error


def _pick(path: Path, times_s: Sequence[float]) -> Iterator[tuple[VideoFrame, list[int]]]:
    left = dict(enumerate(times_s))
    with media.open_media(path) as container:
        index = read_index(container, _stream(container, path))
    if index.exact:
        wanted: dict[int, list[int]] = {}
        for place, pts in enumerate(index.wanted(times_s)):
            wanted.setdefault(pts, []).append(place)
        for pts, frame in _by_timestamp(path, index, sorted(wanted)):
            for place in wanted[pts]:
                del left[place]
            yield frame, wanted[pts]
    if left:
        yield from _by_order(path, left)


def _stream(container: InputContainer, path: Path) -> VideoStream:
    stream = media.video_stream(container)
    if stream is None or stream.codec_context is None:
        raise DataError(f"{path}: no video stream that can be decoded; `streamo probe` says why")
    return stream


def _by_timestamp(path: Path, index: Index, wanted: Sequence[int]) -> Iterator[tuple[int, VideoFrame]]:
    """The pictures with these timestamps (ascending), in one pass that jumps ahead where that is cheaper.

    Stops early, with pictures missing, as soon as the stream does not decode as its packets promise (packets
    that show nothing, broken leading pictures): the caller then takes the slow, sure way.
    """
    where = {pts: position for position, pts in enumerate(index.pts)}
    with contextlib.closing(_Reader(path, index, set(wanted))) as reader:
        for pts in wanted:
            reader.approach(index.start_for(where[pts]))
            frame = reader.find(pts)
            if frame is None:
                return
            yield pts, frame


class _Reader:
    """One decoder moving forward through a file."""

    def __init__(self, path: Path, index: Index, wanted: set[int]):
        self.path, self.index, self.wanted = path, index, wanted
        self.seeks = True
        self.container = media.open_media(path)
        self._restart()

    def _restart(self) -> None:
        self.stream = _stream(self.container, self.path)
        self.context = self.stream.codec_context
        self.skippable = self.context.name in SKIPPABLE
        self.packets: Iterator[av.Packet[VideoStream]] = self.container.demux(self.stream)
        self.ready: list[VideoFrame] = []
        self.position = 0  # of the next packet in the index

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    def approach(self, key: int) -> None:
        """Jump to the keyframe at `key` if it is far ahead; a container that misses it is read through."""
        if not self.seeks or key - self.position < WORTH_A_SEEK:
            return
        if not self._seek(key):
            self.seeks = False
            self.close()
            self.container = media.open_media(self.path)
            self._restart()

    def _seek(self, key: int) -> bool:
        target = self.index.pts[key]
        self.container.seek(target, stream=self.stream)
        self.packets, self.ready, self.position = self.container.demux(self.stream), [], key
        for packet in self.packets:
            if packet.pts == target and packet.is_keyframe:
                self._decode(packet)
                return True
        return False

    def find(self, pts: int) -> VideoFrame | None:
        """Decode forward to the picture with this timestamp; None once a later one comes instead."""
        while True:
            for place, frame in enumerate(self.ready):
                if frame.pts is None or frame.pts > pts:
                    return None
                if frame.pts == pts:
                    self.ready = self.ready[place + 1 :]
                    return frame
            packet = next(self.packets, None)
            if packet is None:
                return None
            self._decode(packet)

    def _decode(self, packet: "av.Packet[VideoStream]") -> None:
        if self.skippable:
            self.context.skip_frame = "DEFAULT" if packet.pts in self.wanted or packet.size == 0 else "NONREF"
        self.ready = self.context.decode(packet if packet.size else None)
        if packet.size and not packet.is_discard:
            self.position += 1


def _by_order(path: Path, times_s: dict[int, float]) -> Iterator[tuple[VideoFrame, list[int]]]:
    """The same by decoding everything twice: first the timestamps, then the pictures that are needed.

    Right for every stream that decodes: missing, repeated and unordered timestamps included.
    """
    with media.open_media(path) as container:
        stream = _stream(container, path)
        pts = [tick for tick, _ in media.timed_frames(container, stream)]
        if not pts:
            raise DataError(f"{path}: no picture could be decoded")
        shown = list(range(len(pts)))
        if media.has_presentation_times(container):
            shown.sort(key=pts.__getitem__)
        ordered, base = sorted(pts), media.time_base(stream)
    needed: dict[int, list[int]] = {}
    for place, instant in times_s.items():
        tick = last_tick(instant, ordered[0], base)
        rank = max((n for n, value in enumerate(ordered) if value <= tick), default=0)
        needed.setdefault(shown[rank], []).append(place)
    with media.open_media(path) as container:
        for number, (_, frame) in enumerate(media.timed_frames(container, _stream(container, path))):
            if number in needed:
                yield frame, needed[number]
