"""For models that cannot stream: at each query or test point, one offline question about frames so far."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from components.core.errors import DataError
from components.evaluate.ovo_bench.items import Item, Read, points_of
from components.evaluate.ovo_bench.watch import UnreadableVideoError
from components.evaluate.ovo_bench.wording import polled
from components.infer.offline import OfflineModel
from components.video.frames import frames_at


def instants(read: Read, *, fps: int, frames: int) -> list[float]:
    """At most `frames` instants from 0 to the query, both ends among them, evenly spaced.

    They are chosen among those of `fps` a second; none is later than the query or the video's last turn.
    """
    every = [j / fps for j in range((read.turn + 1) * fps) if j / fps <= read.until_s]
    if frames == 1:
        return every[-1:]
    places = np.linspace(0, len(every) - 1, min(frames, len(every)))
    return [every[round(float(place))] for place in places]


def poll(
    model: OfflineModel, path: Path, item: Item, *, fps: int, frames: int, max_new_tokens: int
) -> list[str]:
    """What the model says at each scored point, in the order of the points.

    Raises:
        UnreadableVideoError: the video cannot be decoded.

    """
    reads = sorted((read for ask in item.asks for read in ask.reads), key=lambda read: read.point)
    said = []
    for read, point in zip(reads, points_of(item.entry), strict=True):
        times = instants(read, fps=fps, frames=frames)
        shown = pictures_at(path, times)
        turns = [int(time) for time in times]
        said.append(
            model.answer(shown, polled(item.entry, point), max_new_tokens=max_new_tokens, turns=turns)
        )
    return said


def pictures_at(path: Path, times_s: Sequence[float]) -> list[np.ndarray]:
    """The pictures on screen at these instants."""
    try:
        return list(frames_at(path, times_s))
    except DataError as error:
        raise UnreadableVideoError(str(error)) from error
