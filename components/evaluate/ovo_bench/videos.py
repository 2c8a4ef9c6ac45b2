"""The videos of the annotation file below --videos: which are there, how long, why one is not usable."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import DataError
from components.evaluate.ovo_format import Entry
from components.video.probe import probe_many
from components.video.root import MediaRoot

NOT_FOUND, UNREADABLE = "video_not_found", "video_unreadable"


@dataclass(frozen=True)
class Rejection:
    """Why a video's entries have no answer: a snake_case word, and the same in words without local paths."""

    reason: str
    detail: str

    @classmethod
    def of(cls, reason: str, detail: str, path: Path, video: str) -> "Rejection":
        """With the file's path spelled as its id, so that a product names no folder of this machine."""
        return cls(reason, detail.replace(str(path), video).replace(str(path.resolve()), video))


@dataclass(frozen=True)
class Clip:
    """A usable video."""

    video: str
    path: Path
    turns: int


class Videos:
    """The annotation file's videos below one folder; DataError if that folder is missing."""

    def __init__(self, folder: Path):
        self.root = MediaRoot(folder)

    def find(self, video: str) -> Path | Rejection:
        """The file of a video id, or that there is none the media root would open."""
        try:
            return self.root.resolve(video)
        except DataError as error:
            return Rejection.of(NOT_FOUND, str(error), self.root.path, "--videos")

    def sizes(self, entries: Iterable[Entry]) -> list[tuple[str, int | None]]:
        """Every video by name with its size in bytes, None where there is none."""
        found = {video: self.find(video) for video in {entry["video"] for entry in entries}}
        return [
            (video, path.stat().st_size if isinstance(path, Path) else None)
            for video, path in sorted(found.items())
        ]

    def open(self, videos: Sequence[str]) -> Iterator[tuple[str, Clip | Rejection]]:
        """Each video with its turns, by its packets in a limited child process, or why it is not usable."""
        paths = {video: self.find(video) for video in videos}
        there = [path for path in paths.values() if isinstance(path, Path)]
        probes = probe_many(there, quick=True, workers=1) if there else iter(())
        for video in videos:
            path = paths[video]
            if isinstance(path, Rejection):
                yield video, path
                continue
            seen = next(probes)
            if seen.turns is None:
                told = f"{seen.reason}: {seen.detail}"
                yield video, Rejection.of(UNREADABLE, told, path, video)
            else:
                yield video, Clip(video, path, seen.turns)
