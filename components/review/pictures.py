"""JPEG pictures of a video for the page: one frame, or a strip of frames along the time axis."""

import io
import threading
from functools import lru_cache
from pathlib import Path

from PIL import Image

from components.video.frames import iter_frames_at

FRAME_SIDE = 640  # pixels, at most
THUMB_HEIGHT = 72
STRIP_MOST = 60
# A decoder per request would starve the machine the reviewer works on; a strip does not hold up the frames.
_ONE_FRAME, _ONE_STRIP = threading.Lock(), threading.Lock()


@lru_cache(maxsize=256)
def frame(path: Path, at_s: float) -> bytes:
    """What is on screen at `at_s` seconds, with its longer side at most FRAME_SIDE pixels."""
    with _ONE_FRAME:
        ((_, pixels),) = iter_frames_at(path, [at_s])
    picture = Image.fromarray(pixels)
    picture.thumbnail((FRAME_SIDE, FRAME_SIDE))
    return _jpeg(picture)


@lru_cache(maxsize=64)
def strip(path: Path, turns: int, count: int) -> bytes:
    """`count` frames side by side; the i-th shows second i * turns / count of `turns` seconds."""
    count = max(1, min(count, STRIP_MOST))
    sheet: Image.Image | None = None
    width = 0
    with _ONE_STRIP:
        for place, pixels in iter_frames_at(path, [turns * number / count for number in range(count)]):
            picture = Image.fromarray(pixels)
            width = width or max(1, round(picture.width * THUMB_HEIGHT / picture.height))
            sheet = sheet or Image.new("RGB", (width * count, THUMB_HEIGHT))
            sheet.paste(picture.resize((width, THUMB_HEIGHT)), (width * place, 0))
    assert sheet is not None  # at least one frame was asked for, and a frame that is missing raises
    return _jpeg(sheet)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, format="JPEG", quality=88, subsampling=0)
    return out.getvalue()
