"""A copy of a video in which every frame after, or up to, some instant is noise.

Both kinds of copy are coded without loss, so two copies of one video differ in the noise and in nothing else:
a prediction that differs between them has seen it.
"""

from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np

from components.core.errors import DataError
from components.core.seeds import rng

Part = Literal["none", "after", "upto"]
LOSSLESS = {"qp": "0", "preset": "ultrafast"}


def noisy_copy(source: Path, target: Path, part: Part, at_s: float, *, seed: int) -> int:
    """Write the copy; returns how many frames are noise.

    Args:
        source: any video with a timestamp on every frame; a display rotation is not carried over.
        target: where the copy goes, an MP4 whatever its name.
        part: which frames become noise: none, those after `at_s`, or those up to it.
        at_s: seconds from the first frame.
        seed: of the noise.

    Raises:
        DataError: a frame has no timestamp.

    """
    target.parent.mkdir(parents=True, exist_ok=True)
    replaced, first = 0, None
    with av.open(str(source)) as old, av.open(str(target), "w", format="mp4") as new:
        video = old.streams.video[0]
        width, height = video.width // 2 * 2, video.height // 2 * 2
        rate = video.average_rate or Fraction(25)
        stream = new.add_stream("libx264", rate=rate, options=LOSSLESS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = video.time_base
        stream.codec_context.thread_count = 1
        for number, frame in enumerate(old.decode(video)):
            if frame.pts is None or frame.time_base is None:
                raise DataError(f"{source}: frame {number} has no timestamp; the canary needs them")
            first = frame.pts if first is None else first
            late = (frame.pts - first) * frame.time_base > at_s
            shown = frame.reformat(width, height, "yuv420p")
            if part != "none" and late == (part == "after"):
                shown = noise(width, height, seed, number)
                replaced += 1
            shown.pts, shown.time_base = frame.pts, frame.time_base
            new.mux(stream.encode(shown))
        new.mux(stream.encode(None))
    return replaced


def noise(width: int, height: int, seed: int, number: int) -> av.VideoFrame:
    """One frame of coloured noise, another for every number."""
    planes = rng(seed, "canary", number).integers(0, 256, (height * 3 // 2, width), dtype=np.uint8)
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")
