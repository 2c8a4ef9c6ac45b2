"""What a video looks like, second by second, in a few bytes: difference hashes and mean colours."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from components.video.frames import iter_frames_at
from components.video.times import num_turns

CELLS = 8  # the picture is averaged to 9 x 8 cells; 8 x 8 comparisons of neighbours give 64 bits a channel
# Neighbouring cells count as different above this many grey levels: without it a flat area would hash the
# noise of the codec instead of the picture.
MARGIN = 8
MAX_SECONDS = 32
Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Signature:
    """A video: `seconds` (T,) whole seconds looked at, `bits` (T, 3) uint64, `colour` (T, 3) uint8 means."""

    duration_s: float
    seconds: npt.NDArray[np.int64]
    bits: npt.NDArray[np.uint64]
    colour: npt.NDArray[np.uint8]


def grid(duration_s: float) -> list[int]:
    """The whole seconds looked at: all of a short video, every 2nd, 4th, ... of a long one, <= MAX_SECONDS.

    Steps are powers of two, so the grids of two videos always share the coarser one.
    """
    turns = num_turns(duration_s)
    step = 1
    while -(-turns // step) > MAX_SECONDS:
        step *= 2
    return list(range(0, turns, step))


def look(path: Path, duration_s: float) -> Signature:
    """Decode a video and describe it; a file that cannot be decoded is a DataError naming it."""
    seconds = grid(duration_s)
    bits, colour = np.zeros((len(seconds), 3), np.uint64), np.zeros((len(seconds), 3), np.uint8)
    for place, picture in iter_frames_at(path, [float(second) for second in seconds]):
        bits[place], colour[place] = describe(picture)
    return Signature(duration_s, np.array(seconds, dtype=np.int64), bits, colour)


def look_all(wanted: Mapping[str, tuple[Path, float]]) -> Iterator[tuple[str, Signature]]:
    """`look` at many videos (path and seconds by name), in their order, one thread a core: FFmpeg decodes.

    Raises:
        DataError: as `look`, for the first in order; those not begun are left.

    """
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        yield from zip(wanted, pool.map(lambda one: look(*one), wanted.values()), strict=True)


def describe(picture: Picture) -> tuple[npt.NDArray[np.uint64], Picture]:
    """Per channel of an (H, W, 3) picture: 64 bits (a cell is brighter than its left neighbour), the mean.

    The channels are hashed apart: shapes of one brightness and different colours are different pictures.
    """
    small = Image.fromarray(picture).resize((CELLS + 1, CELLS), Image.Resampling.BOX)
    cells = np.asarray(small, dtype=np.int16)
    brighter = (np.diff(cells, axis=1) > MARGIN).transpose(2, 0, 1).reshape(3, -1)
    packed = np.ascontiguousarray(np.packbits(brighter, axis=1))
    bits = packed.view(">u8")[:, 0].astype(np.uint64)
    return bits, cells.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)


def furthest(one: Signature, other: Signature) -> tuple[int, int]:
    """The largest difference at any shared second: (bits of 192, grey levels of a mean colour).

    Both videos have second 0, so there is always one.
    """
    _, mine, its = np.intersect1d(one.seconds, other.seconds, assume_unique=True, return_indices=True)
    bits = np.bitwise_count(one.bits[mine] ^ other.bits[its]).sum(axis=1)
    colour = np.abs(one.colour[mine].astype(np.int16) - other.colour[its]).max(axis=1)
    return int(bits.max()), int(colour.max())
