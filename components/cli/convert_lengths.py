"""How long the videos of `streamo convert` are: one number for all, a table, or probed below a media root."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from components.core.errors import DataError, UsageError
from components.core.files import read_json
from components.protocol import reasons
from components.protocol.batch import LengthOf, VideoLength
from components.protocol.labels import LabelError
from components.protocol.times import LONGEST_S


def fixed(num_turns: int) -> LengthOf:
    """Every video has this many turns of one second."""
    length = VideoLength(float(num_turns), turns=num_turns)
    return lambda video_id: length


def from_table(path: Path) -> LengthOf:
    """Seconds from a JSON object {video_id: seconds}; a video that is not in it is unknown."""
    known: dict[str, VideoLength | LabelError] = {
        name: VideoLength(seconds) for name, seconds in read_seconds(path).items()
    }
    return _lookup(known, str(path))


def read_seconds(path: Path) -> dict[str, float]:
    """A JSON object {video_id: seconds}; DataError names the first value that is no length of a video."""
    table = read_json(path)
    if not isinstance(table, Mapping):
        raise DataError(f"{path}: expected an object {{video_id: seconds}}")
    for video_id, seconds in table.items():
        number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not number or not 0 < seconds <= LONGEST_S:
            raise DataError(
                f"{path}: {video_id!r}: expected a number of seconds above 0, at most {LONGEST_S:.0f}, "
                f"found {seconds!r:.80}"
            )
    return {str(name): float(seconds) for name, seconds in table.items()}


def probed(folder: Path, video_ids: Sequence[str]) -> LengthOf:
    """Seconds, frames and rate of each video below `folder`, from its packets, in limited child processes."""
    from components.video.probe import probe_many
    from components.video.root import MediaRoot

    if not folder.is_dir():
        raise UsageError(f"--media-root {folder}: no such folder")
    root = MediaRoot(folder)
    known: dict[str, VideoLength | LabelError] = {}
    paths: dict[str, Path] = {}
    for video_id in sorted(set(video_ids)):
        try:
            paths[video_id] = root.resolve(video_id)
        except DataError as error:
            known[video_id] = LabelError(reasons.UNKNOWN_VIDEO, str(error))
    for video_id, found in zip(paths, probe_many(list(paths.values()), quick=True), strict=True):
        if found.duration_s is None or not found.ok:
            known[video_id] = LabelError(
                reasons.UNREADABLE_VIDEO, f"{video_id!r}: {found.reason}: {found.detail}"
            )
        else:
            known[video_id] = VideoLength(found.duration_s, found.frames, found.fps)
    return _lookup(known, str(folder))


def _lookup(known: Mapping[str, VideoLength | LabelError], where: str) -> LengthOf:
    def length_of(video_id: str) -> VideoLength:
        found = known.get(video_id)
        if found is None:
            raise LabelError(reasons.UNKNOWN_VIDEO, f"{video_id!r} is not in {where}")
        if isinstance(found, LabelError):
            raise found
        return found

    return length_of
