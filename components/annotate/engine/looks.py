"""Frames as they are sent: what is on screen at whole seconds, encoded the same way each time."""

import io
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from components.annotate.samples import Clip
from components.teacher.chat import Image
from components.video.frames import iter_frames_at
from components.video.root import MediaRoot

QUALITY = 90  # of the JPEG


class Looks:
    """Encoded frames of the clips at hand; a clip is decoded once for all that is asked until `forget`.

    Args:
        media: the media root.
        side: longest side in pixels; a larger frame is scaled down, a smaller one stays.

    """

    def __init__(self, media: MediaRoot, side: int):
        self.media, self.side = media, side
        self._kept: dict[tuple[str, int], Image] = {}

    def frames(self, clip: Clip, seconds: Sequence[int]) -> list[Image]:
        """One image a second asked for, in their order. The same picture is the same bytes.

        Raises:
            DataError: the video is missing or cannot be decoded.

        """
        wanted = sorted({second for second in seconds if (clip.video_id, second) not in self._kept})
        last: tuple[npt.NDArray[np.uint8], Image] | None = None
        for position, pixels in iter_frames_at(self.media.resolve(clip.video_id), wanted):
            if last is None or pixels is not last[0]:
                last = (pixels, encode(pixels, self.side))
            self._kept[clip.video_id, wanted[position]] = last[1]
        return [self._kept[clip.video_id, second] for second in seconds]

    def forget(self) -> None:
        """Let go of all frames: the next clips are others."""
        self._kept.clear()


def encode(pixels: npt.NDArray[np.uint8], side: int) -> Image:
    """An (H, W, 3) uint8 frame as JPEG, its longest side at most `side` pixels."""
    from PIL import Image as Pil

    picture = Pil.fromarray(pixels)
    picture.thumbnail((side, side), Pil.Resampling.BICUBIC)
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=QUALITY, subsampling=0)
    return Image(buffer.getvalue())


def strided(last_turn: int, most: int) -> list[int]:
    """At most `most` whole seconds from 0 on, evenly apart: every second where they all fit."""
    stride = math.ceil((last_turn + 1) / most)
    return list(range(0, last_turn + 1, stride))
