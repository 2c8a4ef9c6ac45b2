"""Frames along the time axis of a sample, as data URIs: the page needs no other file."""

import base64
import io
from collections.abc import Sequence

from components.report.gallery.samples import Shown
from components.video.frames import Image, frames_at, turn_times
from components.video.root import MediaRoot

FRAMES = 12
MAX_SIDE = 176
SHARP = 96  # a picture of at most this many pixels a side is kept as it is, without loss

Still = tuple[int, str]  # turn, data URI


def stills(root: MediaRoot, shown: Shown) -> list[Still]:
    """At most `FRAMES` evenly spaced frames of the sample's video, those on screen as their turns begin.

    Raises:
        DataError: the video is not below the media root, or cannot be decoded.

    """
    turns = len(shown.states)
    chosen = list(range(0, turns, every(turns)))
    times = turn_times(turns)
    images: Sequence[Image] = frames_at(root.resolve(shown.video_id), [times[turn] for turn in chosen])
    return [(turn, data_uri(image)) for turn, image in zip(chosen, images, strict=True)]


def every(turns: int) -> int:
    """How many turns a frame stands for."""
    return -(-turns // FRAMES)


def data_uri(image: Image) -> str:
    """An (H, W, 3) uint8 RGB array as a small JPEG, or as PNG where it is small already."""
    from PIL import Image as Pil

    picture, kind = Pil.fromarray(image), "png"
    if max(picture.size) > SHARP:
        picture.thumbnail((MAX_SIDE, MAX_SIDE))
        kind = "jpeg"
    out = io.BytesIO()
    picture.save(out, kind.upper(), **({"quality": 82} if kind == "jpeg" else {}))
    return f"data:image/{kind};base64," + base64.b64encode(out.getvalue()).decode("ascii")
