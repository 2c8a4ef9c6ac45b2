"""No video of a set may be one that was trained on, under whatever name it goes there.

Two ids are the same video if their paths are equal but for the suffix, or if both file names are one YouTube
id, with or without `v_` before it and a cut in seconds behind it, which is how ActivityNet, YouCook2 and
QVHighlights name clips of one video.
"""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from components.core.errors import DataError
from components.evaluate.streamo_bench.format import BenchSet

YOUTUBE = re.compile(r"^(?:v_)?([\w-]{11})(?:_\d+(?:\.\d+)?_\d+(?:\.\d+)?)?$")
SUFFIXES = frozenset((".mp4", ".mkv", ".webm", ".avi", ".mov", ".m4v", ".3gp"))
SHOWN = 5


def names(video_id: str) -> set[str]:
    """Every name under which a video may be met."""
    path = PurePosixPath(video_id)
    # `a.b` is a name with a dot in it, such as a cut `x_1.0_2.0`, unless it ends like a video file.
    path = path.with_suffix("") if path.suffix.lower() in SUFFIXES else path
    found = YOUTUBE.match(path.name)
    return {str(path)} | ({f"youtube:{found[1]}"} if found else set())


def shared(bench: BenchSet, trained: Iterable[str]) -> list[str]:
    """The videos of the set that are among `trained`, sorted."""
    known = {name for video in trained for name in names(video)}
    return [video.video_id for video in bench.videos if names(video.video_id) & known]


def check_apart(bench: BenchSet, trained: Iterable[str], where: str) -> None:
    """Raise DataError if a video of the set was trained on; `where` says how that is known."""
    both = shared(bench, trained)
    if both:
        more = f" and {len(both) - SHOWN} more" if len(both) > SHOWN else ""
        raise DataError(
            f"{where}: {len(both)} of {len(bench.videos)} videos of set {bench.name!r} were trained on: "
            f"{', '.join(both[:SHOWN])}{more}; take them out of one of the two"
        )
