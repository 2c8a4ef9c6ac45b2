"""Frames as they are sent: what is on screen at whole seconds, from the frame store."""

import math
from collections.abc import Sequence

from components.annotate.samples import Clip
from components.core.errors import DataError
from components.teacher.chat import Image
from components.video.framestore.fidelity import Fidelity
from components.video.framestore.file import FrameFile, NotTheseFramesError
from components.video.framestore.fill import Maker, Wanted
from components.video.framestore.keep import settle
from components.video.framestore.store import FrameStore
from components.video.root import MediaRoot
from components.video.source import VideoSource


class Looks:
    """Encoded frames of the clips at hand; a clip is decoded once for all that share the store.

    Args:
        media: the media root.
        side: longest side in pixels; a larger frame is scaled down, a smaller one stays.
        store: where frames are kept.
        workers: decoding children at once; None for one per core, 0 to decode in this process.

    Attributes:
        fidelity: how the frames are encoded, for the summary of what is made of them.

    """

    def __init__(self, media: MediaRoot, side: int, store: FrameStore, *, workers: int | None = None):
        fidelity = Fidelity(side)
        self.fidelity, self.store = fidelity.plain, store
        self._maker = Maker(store, VideoSource(media), fidelity, workers=workers)
        self._failed: dict[str, str] = {}
        self._open: dict[str, FrameFile] = {}
        self._kept: dict[tuple[str, int], Image] = {}

    def prepare(self, clips: Sequence[Clip]) -> None:
        """Decode the clips whose frames nobody has made yet, on all cores; `frames` says what failed."""
        self._failed |= self._maker.fill([_wanted(clip) for clip in clips])

    def frames(self, clip: Clip, seconds: Sequence[int]) -> list[Image]:
        """One image a second asked for, in their order. The same picture is the same bytes.

        Args:
            clip: the video.
            seconds: each one of the clip's turns.

        Raises:
            DataError: the video is missing or cannot be decoded.

        """
        for second in seconds:
            if (clip.video_id, second) not in self._kept:
                self._kept[clip.video_id, second] = Image(self._picture(clip, second))
        return [self._kept[clip.video_id, second] for second in seconds]

    def _picture(self, clip: Clip, second: int) -> memoryview:
        """A picture that has its SHA-256; a file with one that has not is made again."""
        found = self._file(clip)
        try:
            return found.picture(second)
        except NotTheseFramesError as error:
            self.store.refuse(found.path, str(error))
            del self._open[clip.video_id]
        return self._file(clip).picture(second)

    def _file(self, clip: Clip) -> FrameFile:
        if clip.video_id not in self._open:
            key = self._maker.key(_wanted(clip))
            found = None if clip.video_id in self._failed else self.store.open(key)
            if found is None and clip.video_id not in self._failed:
                self.prepare([clip])
            if clip.video_id in self._failed:
                raise DataError(self._failed[clip.video_id])
            self._open[clip.video_id] = found or self.store.opened(key)
        return self._open[clip.video_id]

    def counted(self) -> str:
        """Of how many videos frames were held, decoded, fetched, refused, in words."""
        counts = sorted(self.store.counts.items())
        return ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in counts) or "none"

    def forget(self) -> None:
        """Let go of all frames: the next clips are others, and may need the room."""
        self._kept.clear()
        self._open.clear()
        settle(self.store)


def _wanted(clip: Clip) -> Wanted:
    return Wanted(clip.video_id, clip.last_turn + 1)


def strided(last_turn: int, most: int) -> list[int]:
    """At most `most` whole seconds from 0 on, evenly apart: every second where they all fit."""
    stride = math.ceil((last_turn + 1) / most)
    return list(range(0, last_turn + 1, stride))
