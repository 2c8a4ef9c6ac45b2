"""The media root: the one folder videos come from. A video_id is a POSIX path below it."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from components.core.errors import DataError

SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")
LINK_OUT = "link_leaves_root"
LINK_TO_FOLDER = "link_to_folder"


@dataclass(frozen=True)
class Found:
    """One entry below the root: a file to probe, or a link that is refused with a `reason`."""

    video_id: str
    path: Path
    reason: str | None = None


class MediaRoot:
    """Resolves video ids to files below one folder, and nowhere else. The folder itself may be a link."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        if not self.path.is_dir():
            raise DataError(f"{self.path}: no such folder; put the videos there or set params corpus.media")
        self.real = self.path.resolve(strict=True)

    def resolve(self, video_id: str) -> Path:
        """The real path of a video.

        Raises:
            DataError: the id is empty, absolute, a URL or other scheme, holds `..` or a NUL, leaves the root
                through a link, or names no file.

        """
        parts = PurePosixPath(video_id).parts
        if (
            not parts
            or video_id.startswith("/")
            or ".." in parts
            or "\0" in video_id
            or SCHEME.match(video_id)
        ):
            raise DataError(
                f"video id {video_id!r}: expected a relative POSIX path below {self.path}, without `..`"
            )
        target = self.real.joinpath(*parts).resolve()
        if not target.is_relative_to(self.real):
            raise DataError(f"video id {video_id!r}: a link leads out of {self.path}; copy the file instead")
        if not os.path.isfile(target):  # noqa: PTH113 - Path.is_file raises where a name is too long
            raise DataError(f"video id {video_id!r}: no such file below {self.path}")
        return target

    def files(self) -> Iterator[Found]:
        """Every file below the root, sorted by video_id; links to folders are reported, never followed."""
        found: list[Found] = []
        for folder, folders, names in os.walk(self.real):
            here = Path(folder)
            found += [self._entry(here / name) for name in names]
            found += [self._folder_link(here / name) for name in folders if (here / name).is_symlink()]
        yield from sorted(found, key=lambda entry: os.fsencode(entry.video_id))

    def _entry(self, path: Path) -> Found:
        leaves = path.is_symlink() and not path.resolve().is_relative_to(self.real)
        return Found(self._id(path), path, LINK_OUT if leaves else None)

    def _folder_link(self, path: Path) -> Found:
        leaves = not path.resolve().is_relative_to(self.real)
        return Found(self._id(path), path, LINK_OUT if leaves else LINK_TO_FOLDER)

    def _id(self, path: Path) -> str:
        return path.relative_to(self.real).as_posix()
