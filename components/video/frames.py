"""Pictures of a video by presentation timestamp: what is on screen at an instant.

Sampling by an integer stride drifts: at 29.97 fps a stride of 29 shows second 58.06 in turn 60. Here every
picture is chosen by its timestamp, counted from the first picture.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from components.video.times import num_turns, turn_times

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.reformatter import VideoReformatter

__all__ = ["Image", "frames_at", "iter_frames_at", "num_turns", "turn_times"]
Image = npt.NDArray[np.uint8]


def frames_at(path: str | Path, times_s: Sequence[float]) -> list[Image]:
    """The picture on screen at each instant: the last one with pts <= instant.

    Args:
        path: a local video file.
        times_s: seconds from the first picture, in any order; before it the first picture is shown, after
            the end the last one.

    Returns:
        One (H, W, 3) uint8 RGB array per instant, at the stored size with the display matrix's rotation
        applied. Instants that show the same picture share one array.

    Raises:
        DataError: the file cannot be decoded.
        ValueError: an instant is not a finite number.

    """
    images: dict[int, Image] = dict(iter_frames_at(path, times_s))
    return [images[place] for place in range(len(times_s))]


def iter_frames_at(path: str | Path, times_s: Sequence[float]) -> Iterator[tuple[int, Image]]:
    """`frames_at` picture by picture, as they are decoded: (position in `times_s`, image), in order of time.

    Holds one picture at a time (more only where a file stores them out of order).
    """
    if not times_s:
        return
    from av.video.reformatter import VideoReformatter

    from components.video.pick import pick

    converter = VideoReformatter()
    for frame, places in pick(Path(path), times_s):
        image = to_rgb(frame, converter)
        for place in places:
            yield place, image


def to_rgb(frame: "VideoFrame", converter: "VideoReformatter") -> Image:
    """A decoded picture as an (H, W, 3) uint8 RGB array, turned for display by quarter turns.

    Setting a converter up costs more than converting a small picture: pass the same one for a whole video.
    """
    from components.video.media import display_rotation

    rgb = converter.reformat(frame, format="rgb24", threads=1)
    image = np.asarray(rgb.to_ndarray(), dtype=np.uint8)
    quarters = round(display_rotation(frame) / 90) % 4
    return np.ascontiguousarray(np.rot90(image, -quarters)) if quarters else image
