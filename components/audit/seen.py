"""Which registered models ever saw a video, and in which role: by its id, or by its bytes under any name."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from components.audit.objects import open_objects
from components.audit.version_videos import EXCLUDED, VersionVideos, read_version_videos
from components.core.hashing import sha256_file
from components.registry.catalog import Version, versions
from components.registry.settings import read_settings
from components.registry.store import open_store


@dataclass(frozen=True)
class Sighting:
    """One version that had the video.

    Attributes:
        role: `train`, `validation`, `benchmark` or `excluded` (in its data, not used).
        video_id: the name it had there.
        sha256: of its bytes there; empty where the version's manifest does not list it.
        by: `id` if this is the name that was asked for, `bytes` if it was found by them.
        why: where the role is from.

    """

    version: str
    stage: str | None
    model: str | None
    role: str
    video_id: str
    sha256: str
    by: str
    why: str


@dataclass
class Seen:
    """The answer for one video.

    Attributes:
        asked: as it was given.
        sha256: the bytes it stands for: of the file, or of every video that bore this id.
        sightings: in order of the versions.
        unknown: versions whose package does not tell its videos.
        unlisted: versions whose data could not be listed: a video that they hold and never used is not seen.

    """

    asked: str
    sha256: list[str]
    sightings: list[Sighting] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Wanted:
    """What to look for: a name, or bytes (of several files where one name was given to several)."""

    video_id: str | None
    sha256: frozenset[str]
    md5: frozenset[str]


def who_saw(asked: list[str], root: Path = Path(), *, offline: bool = False) -> list[Seen]:
    """Look for every video in every registered version.

    Args:
        asked: video_ids, or files: of a file only the bytes count.
        root: a checkout with the tags and the store in reach.
        offline: do not ask the DVC remotes for listings of data that the packages do not hold.

    """
    store = open_store(read_settings(root).store)
    with open_objects(root, offline=offline) as objects:
        known = [
            (version, read_version_videos(store, version.version, objects)) for version in versions(root)
        ]
    return [look(name, known) for name in asked]


def look(asked: str, known: list[tuple[Version, VersionVideos | None]]) -> Seen:
    """Look for one video."""
    told = [(version, videos) for version, videos in known if videos is not None]
    wanted = wanted_of(asked, [videos for _, videos in told])
    seen = Seen(asked, sorted(wanted.sha256))
    seen.unknown = [version.version for version, videos in known if videos is None]
    seen.unlisted = [version.version for version, videos in told if videos.data is None]
    for version, videos in told:
        seen.sightings += sightings(version, videos, wanted)
    return seen


def wanted_of(asked: str, known: list[VersionVideos]) -> Wanted:
    """A file stands for its bytes; an id for every video that ever bore it: renamed copies are found."""
    path = Path(asked)
    if path.is_file():
        md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        return Wanted(None, frozenset({sha256_file(path)}), frozenset({md5}))
    sha256 = {str(videos.rows[asked]["sha256"]) for videos in known if asked in videos.rows}
    listed = [(videos.media, videos.data) for videos in known if videos.data is not None]
    paths = [(f"{media}/{asked}" if media else asked, data) for media, data in listed]
    return Wanted(asked, frozenset(sha256), frozenset(data[name] for name, data in paths if name in data))


def sightings(version: Version, videos: VersionVideos, wanted: Wanted) -> list[Sighting]:
    """Every video of one version that is meant."""
    found = []
    for video_id, row in videos.rows.items():
        if row["sha256"] in wanted.sha256 or video_id == wanted.video_id:
            role, why = videos.role(video_id)
            by = "id" if video_id == wanted.video_id else "bytes"
            found.append(
                Sighting(
                    version.version, version.stage, version.model, role, video_id, row["sha256"], by, why
                )
            )
    for video_id, md5 in videos.unusable().items():
        if md5 in wanted.md5 or video_id == wanted.video_id:
            by = "id" if video_id == wanted.video_id else "bytes"
            why = "in its data, not usable (corpus/quarantine.json says why)"
            found.append(
                Sighting(version.version, version.stage, version.model, EXCLUDED, video_id, "", by, why)
            )
    return sorted(found, key=lambda one: one.video_id)
