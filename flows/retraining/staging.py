"""A source becomes a folder of final bytes: what is new, and nothing that is there or refused.

The staged folder appears whole by rename, with `snapshot.json` inside: a run that goes on after a kill places
the same bytes, whatever has become of the source. Placing them is a link and a rename a file.
"""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from components.core.errors import DataError
from components.core.files import new_dir, read_json, write_json
from components.core.hashing import sha256_file
from flows.retraining import merge
from flows.retraining.context import RejectedError
from flows.retraining.sources import JSON_FILES, Source

SNAPSHOT = "snapshot.json"
OTHER_BYTES, TAKEN = "other_bytes", "place_taken"
Json = dict[str, Any]


class Staging:
    """One staging of `source` against the data at `data`, into the scratch folder `out`."""

    def __init__(self, source: Source, data: Path, out: Path):
        self.source, self.data, self.out = source, data, out
        self.place: dict[str, str] = {}  # path below data/ -> SHA-256 of its new bytes
        self.present = 0
        self.quarantine: list[dict[str, str]] = []
        self.rows: dict[str, int] = {}  # JSON file -> new rows

    def run(self) -> Json:
        """Stage everything; returns the snapshot."""
        entries = list(self.source.entries())
        names = [entry.name for entry in entries if entry.reason is None]
        for entry in entries:
            if entry.reason is not None:
                self.refuse(entry.name, entry.reason, entry.detail)
        for name in (name for name in names if name.startswith("media/")):
            self.take(name)
        refused = {
            row["id"].removeprefix("media/") for row in self.quarantine if row["id"].startswith("media/")
        }
        scenes = {str(PurePosixPath(video).with_suffix("")) for video in refused}
        for name in (name for name in names if name.startswith("scenes/")):
            if str(PurePosixPath(name.removeprefix("scenes/")).with_suffix("")) in scenes:
                self.refuse(name, merge.OF_REFUSED, "its video was not taken")
            else:
                self.take(name)
        for name in JSON_FILES:
            self.merge(name, name in names, refused)
        self.quarantine.sort(key=lambda row: (row["id"], row["reason"]))
        return {
            "files": len(entries),
            "place": self.place,
            "present": self.present,
            "rows": self.rows,
            "videos": self.videos,
            "quarantine": self.quarantine,
        }

    @property
    def videos(self) -> list[str]:
        """The new video_ids, sorted."""
        media = "media/"
        return sorted(path.removeprefix(media) for path in self.place if path.startswith(media))

    def refuse(self, identity: str, reason: str, detail: str) -> None:
        """Note what is not taken."""
        self.quarantine.append({"id": identity, "reason": reason, "detail": detail})

    def take(self, name: str) -> None:
        """Stage one file that stands for itself, if the data has nothing in its place."""
        target, staged = self.data / name, self.out / name
        if self._blocked(name):
            self.refuse(name, TAKEN, "a file and a folder cannot have one name")
            return
        there = target.is_file()
        equal = self.source.equals(name, target) if there else False
        if equal is None or not there:
            staged.parent.mkdir(parents=True, exist_ok=True)
            self.source.copy(name, staged)
        if equal is None:
            equal = sha256_file(staged) == sha256_file(target)
            staged.unlink()
        if not there:
            self.place[name] = sha256_file(staged)
        elif equal:
            self.present += 1
        else:
            self.refuse(name, OTHER_BYTES, "the data holds other bytes under this name; use a new name")

    def _blocked(self, name: str) -> bool:
        paths = [PurePosixPath(name), *PurePosixPath(name).parents][:-1]
        tops = (self.data, self.out)
        return any((top / paths[0]).is_dir() or any((top / p).is_file() for p in paths[1:]) for top in tops)

    def merge(self, name: str, given: bool, refused: set[str]) -> None:
        """Stage one of the JSON files, merged into the data's."""
        empty: Any = {} if name == "sources.json" else []
        theirs = self._read(name, type(empty)) if given else empty
        ours = read_json(self.data / name) if (self.data / name).is_file() else empty
        if name == "sources.json":
            merged = merge.merge_sources(ours, theirs, new_videos=self.videos, refused=refused)
        else:
            key = "video_path" if name == "labels.json" else "video"
            merged = merge.merge_rows(name, ours, theirs, video_key=key, refused=refused)
        self.quarantine += merged.quarantine
        self.present += merged.present
        if merged.new:
            write_json(self.out / name, merged.value)
            self.place[name] = sha256_file(self.out / name)
            self.rows[name] = merged.new

    def _read(self, name: str, kind: type) -> Any:
        copy = self.out / f".source-{name.replace('/', '-')}"
        self.source.copy(name, copy)
        try:
            value = read_json(copy)
        except DataError as error:
            raise RejectedError(f"the source's {name}: {error}; mend it there and run again") from None
        copy.unlink()
        if not isinstance(value, kind):
            raise RejectedError(
                f"the source's {name}: expected a JSON {kind.__name__}; mend it there and run again"
            )
        return value


def stage_source(opened: Callable[[], Source], data: Path, incoming: Path) -> Json:
    """Make the folder `incoming`, unless an interrupted run has made it; returns its snapshot.

    Args:
        opened: opens the source; not called where the folder is there.
        data: the worktree's `data/`.
        incoming: the staged folder.

    """
    if not (incoming / SNAPSHOT).is_file():
        for leftover in incoming.parent.glob(f".{incoming.name}.new-*"):
            shutil.rmtree(leftover)
        source = opened()
        with new_dir(incoming) as scratch:
            write_json(scratch / SNAPSHOT, Staging(source, data, scratch).run())
    snapshot: Json = read_json(incoming / SNAPSHOT)
    return snapshot


def place(incoming: Path, data: Path, files: Iterable[str]) -> None:
    """Put every staged file into the data, whole by rename; any number of times.

    The staged file stays (both are one hard link, where the file system has them): should the worktree be
    lost, the run has its bytes.

    Raises:
        DataError: a staged file is gone.

    """
    passing = incoming / ".passing"
    for name in sorted(files):
        staged, target = incoming / name, data / name
        if not staged.is_file():
            raise DataError(f"{staged}: gone; somebody changed the run's folder: abandon this run")
        if target.is_file() and target.samefile(staged):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        passing.unlink(missing_ok=True)
        try:
            passing.hardlink_to(staged)
        except OSError:
            shutil.copyfile(staged, passing)
        passing.replace(target)
