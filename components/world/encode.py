"""Frames to H.264 MP4 whose bytes are the same on every run: one thread, bit-exact muxing, no metadata."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec.context import Flags

FPS = 2
CRF, PRESET = "18", "ultrafast"


def write_mp4(path: Path, frames: Iterable[np.ndarray], *, fps: int = FPS) -> None:
    """Encode (H, W, 3) uint8 RGB frames to `path` at a constant `fps`; H and W even, at least one frame."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": CRF, "preset": PRESET})
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.flags |= Flags.bitexact
        for index, array in enumerate(frames):
            if index == 0:
                stream.width, stream.height = array.shape[1], array.shape[0]
            frame = av.VideoFrame.from_ndarray(array, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
