"""Stand-in videos for OVO-Bench's annotation file, which comes without videos: small, of right lengths.

    python -m tests.support.standins ovo_bench_new.json VIDEOS

No duration is in the file: a video lasts to its latest query, test point, ask or clue and up to half a minute
longer. One clip is encoded for each such length and hard-linked under every name that needs it.
"""

import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from components.core.files import read_json
from components.core.seeds import rng
from components.world.encode import FPS, write_mp4

MARGIN_S, ROUND_S = 2, 30


def needed_s(entries: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Seconds that the entries of each video reach to."""
    ends: dict[str, float] = {}
    for entry in entries:
        times = [float(point["realtime"]) for point in entry.get("test_info", [entry])]
        times += [float(entry[key]) for key in ("ask_time", "clue_time") if key in entry]
        ends[entry["video"]] = max(ends.get(entry["video"], 0.0), *times)
    return ends


def pictures(seconds: int) -> list[np.ndarray]:
    """Two pictures a second, (56, 56, 3): patches of random colours, another set each half second."""
    patches = rng(0, "standin").integers(0, 256, (seconds * FPS, 7, 7, 3), dtype=np.uint8)
    return [np.kron(patch, np.ones((8, 8, 1), dtype=np.uint8)) for patch in patches]


def make_standins(annotations: Path, out: Path, *, only: Sequence[str] | None = None) -> dict[str, int]:
    """Write the videos of an annotation file (or `only` these) below `out`; returns seconds by video."""
    made: dict[int, Path] = {}
    lengths: dict[str, int] = {}
    for video, end_s in sorted(needed_s(read_json(annotations)).items()):
        if only is not None and video not in only:
            continue
        seconds = ROUND_S * math.ceil((end_s + MARGIN_S) / ROUND_S)
        lengths[video], path = seconds, out / video
        path.parent.mkdir(parents=True, exist_ok=True)
        if seconds in made:
            os.link(made[seconds], path)
        else:
            write_mp4(path, pictures(seconds))
            made[seconds] = path
    return lengths


if __name__ == "__main__":
    found = make_standins(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"{len(found)} videos, {sum(found.values())} seconds")
