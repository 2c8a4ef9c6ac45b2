"""Which videos of imported labels do not lie below a media root: what is still to be fetched, by source."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.annotate.samples import RawLabel
from components.core.errors import DataError
from components.video.root import MediaRoot


def report(
    labels: Sequence[RawLabel], media_root: Path, waiting: Mapping[tuple[str, str], int] | None = None
) -> dict[str, Any]:
    """`{videos, found, labels_without_video, sources: {source: n}, missing: [{video_path, source, labels}]}`.

    Rows that are no labels because their video is not there (`Imported.waiting`) count as labels here.

    Raises:
        DataError: there is no such folder.

    """
    root = MediaRoot(media_root)
    wanted: Counter[tuple[str, str]] = Counter((label["video_path"], label["source"]) for label in labels)
    wanted.update(waiting or {})
    absent = {video for video in {video for video, _ in wanted} if not _there(root, video)}
    rows = [
        {"video_path": video, "source": source, "labels": number}
        for (video, source), number in sorted(wanted.items())
        if video in absent
    ]
    videos = len({video for video, _ in wanted})
    return {
        "videos": videos,
        "found": videos - len(absent),
        "labels_without_video": sum(int(str(row["labels"])) for row in rows),
        "sources": dict(sorted(Counter(str(row["source"]) for row in rows).items())),
        "missing": rows,
    }


def _there(root: MediaRoot, video: str) -> bool:
    try:
        root.resolve(video)
    except DataError:
        return False
    return True
