"""One decoder moving forward through a file, jumping to keyframes where that is cheaper and exact."""

from collections.abc import Iterator
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from components.core.errors import DataError
from components.video import media
from components.video.index import read_index

# A seek costs the decoding of a few pictures. Of 2 to 28, tried on clips with groups of 5 to 250 pictures,
# all up to 12 were equally good.
WORTH_A_SEEK = 8
# Codecs whose non-reference pictures are never used by another: leaving one out changes nothing else. (HEVC's
# are only unused within their own temporal layer.)
SKIPPABLE = frozenset({"h264", "mpeg2video", "mpeg4"})


def decodable_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first real video stream; DataError if there is none with a decoder."""
    stream = media.video_stream(container)
    if stream is None or stream.codec_context is None:
        raise DataError(f"{path}: no video stream that can be decoded; `streamo probe` says why")
    return stream


class Reader:
    """One decoder moving forward through a file; reads the file's index first."""

    def __init__(self, path: Path):
        self.path = path
        self.wanted: set[int] = set()
        self.seeks = True
        self._open()
        self.index = read_index(self.container, self.stream)

    def _open(self) -> None:
        self.container = media.open_media(self.path)
        self.stream = decodable_stream(self.container, self.path)
        self.context = self.stream.codec_context
        self.skippable = self.context.name in SKIPPABLE
        self._read_on(0)

    def _read_on(self, position: int) -> None:
        self.packets: Iterator[av.Packet[VideoStream]] = self.container.demux(self.stream)
        self.ready: list[VideoFrame] = []
        self.position = position  # of the next packet in the index
        self.landing: int | None = None  # pts of the picture a seek must begin with

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    def begin(self, wanted: set[int]) -> None:
        """Go back to the first picture; pictures not `wanted` may be left out if no other needs them."""
        self.wanted = wanted
        self._go(0)

    def approach(self, key: int) -> None:
        """Jump to the keyframe at `key` if it is far ahead; a container that misses it is read through."""
        if self.seeks and key - self.position >= WORTH_A_SEEK:
            self._go(key)

    def _go(self, key: int) -> None:
        if self._seek(key):
            self.landing = self.index.pts[key] if key else None
        else:
            self._read_through()

    def _read_through(self) -> None:
        """Begin again at the start, without seeking from now on."""
        self.seeks = False
        self.close()
        self._open()

    def _seek(self, key: int) -> bool:
        """Seek to a keyframe and decode it; whether the container landed at or before it."""
        target = self.index.pts[key]
        try:
            self.container.seek(target, stream=self.stream)
        except av.error.FFmpegError:  # a format that cannot seek
            return False
        self._read_on(key)
        for packet in self.packets:
            if packet.pts == target and packet.is_keyframe:
                self._decode(packet)
                return True
        return False

    def find(self, pts: int) -> VideoFrame | None:
        """Decode forward to the picture with this timestamp; None once a later one comes instead."""
        while True:
            for place, frame in enumerate(self.ready):
                if not self._landed(frame):
                    self._read_through()
                    break
                if frame.pts is None or frame.pts > pts:
                    return None
                if frame.pts == pts:
                    self.ready = self.ready[place + 1 :]
                    return frame
            packet = next(self.packets, None)
            if packet is None:
                return None
            self._decode(packet)

    def _landed(self, frame: VideoFrame) -> bool:
        """Whether decoding after a seek begins with a whole picture.

        A recovery point (intra refresh) is stored as a keyframe but leans on the pictures before it.
        """
        if self.landing is None or frame.pts is None or frame.pts < self.landing:
            return True
        whole = frame.pts == self.landing and frame.key_frame
        self.landing = None
        return whole

    def _decode(self, packet: "av.Packet[VideoStream]") -> None:
        if self.skippable:
            self.context.skip_frame = "DEFAULT" if packet.pts in self.wanted or packet.size == 0 else "NONREF"
        self.ready = self.context.decode(packet if packet.size else None)
        if packet.size and not packet.is_discard:
            self.position += 1
