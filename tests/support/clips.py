"""Small real clips: coloured patches that change every second, and copies of them with other bytes."""

from pathlib import Path

import av
import numpy as np

from components.core.seeds import rng
from components.world.encode import write_mp4

Pictures = list[np.ndarray]


def pictures(name: str, seconds: int = 4) -> Pictures:
    """One (48, 64, 3) picture a second: a 6 x 8 pattern of colours that follows from the name."""
    patches = rng(0, "clip", name).integers(0, 256, (seconds, 6, 8, 3), dtype=np.uint8)
    return [np.kron(patch, np.ones((8, 8, 1), dtype=np.uint8)) for patch in patches]


def save(path: Path, shown: Pictures) -> Path:
    """Two frames for each picture, at 2 frames a second."""
    write_mp4(path, [picture for picture in shown for _ in range(2)])
    return path


def copy_again(source: Path, target: Path, *, scale: int = 2, crf: int = 30) -> Path:
    """The same clip decoded, scaled up and coded again more coarsely: other bytes, the same pictures."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        video = old.streams.video[0]
        stream = new.add_stream("libx264", rate=video.average_rate, options={"crf": str(crf)})
        stream.width, stream.height, stream.pix_fmt = video.width * scale, video.height * scale, "yuv420p"
        stream.codec_context.thread_count = 1
        for number, frame in enumerate(old.decode(video)):
            scaled = frame.reformat(stream.width, stream.height, "yuv420p")
            scaled.pts, scaled.time_base = number, 1 / video.average_rate
            new.mux(stream.encode(scaled))
        new.mux(stream.encode(None))
    return target
