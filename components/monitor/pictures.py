"""What a video looks like in four numbers, from a few pictures of it."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from components.video.frames import Image, iter_frames_at

DIGITS = 4
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601: brightness of red, green and blue


@dataclass(frozen=True)
class Look:
    """Grey levels 0 to 255, means over the pictures looked at.

    `brightness` mean luma; `contrast` its standard deviation within a picture; `saturation` largest minus
    smallest of red, green and blue; `frame_difference` mean change of the luma between two pictures that
    follow one another (0 where only one was looked at).
    """

    brightness: float
    contrast: float
    saturation: float
    frame_difference: float


def look_at(path: Path, duration_s: float, frames: int) -> Look:
    """Decode `frames` evenly spaced pictures (the middles of equal parts) and describe them.

    Raises:
        DataError: the file cannot be decoded.

    """
    instants = [duration_s * (part + 0.5) / frames for part in range(frames)]
    lumas, saturations = [], []
    for _, picture in iter_frames_at(path, instants):
        lumas.append(picture @ LUMA)
        saturations.append(saturation(picture))
    changes = [float(np.abs(after - before).mean()) for before, after in pairwise(lumas)]
    return Look(
        brightness=round(float(np.mean([luma.mean() for luma in lumas])), DIGITS),
        contrast=round(float(np.mean([luma.std() for luma in lumas])), DIGITS),
        saturation=round(float(np.mean(saturations)), DIGITS),
        frame_difference=round(float(np.mean(changes)), DIGITS) if changes else 0.0,
    )


def saturation(picture: Image) -> float:
    """Mean over the pixels of largest minus smallest channel."""
    return float((picture.max(axis=2).astype(np.int16) - picture.min(axis=2)).mean())
