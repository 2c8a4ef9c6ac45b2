"""What a video has touched, for the day its licence is withdrawn. Looks everywhere, deletes nothing."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.audit.objects import Objects, open_objects
from components.audit.seen import Seen, look
from components.audit.traces import Trace, package_traces, workspace_traces
from components.audit.version_videos import (
    BENCHMARK,
    EXCLUDED,
    TRAIN,
    VALIDATION,
    VersionVideos,
    read_version_videos,
)
from components.core.params import load_all
from components.lineage.tree import Listing, parse_dir
from components.lineage.verify import pinned
from components.registry.catalog import CHAMPION, Version, versions
from components.registry.settings import read_settings
from components.registry.store import Store, open_store

WORKSPACE = "this checkout"
ROLES = (TRAIN, VALIDATION, BENCHMARK, EXCLUDED)


@dataclass(frozen=True)
class StoredObject:
    """One of DVC's objects that holds bytes of the video or of a file beside it."""

    path: str  # below the pinned data
    md5: str
    places: tuple[str, ...]
    locations: tuple[str, ...]
    versions: tuple[str, ...]


@dataclass
class Touched:
    """Everything one video touched.

    Attributes:
        seen: which versions had it, in which role.
        data: files in the workspace, the video first.
        objects: DVC objects of the video and of the files beside it, with the places that hold them.
        products: files in the workspace (products, and lists in `data/`) that name the video, with rows and
            sample ids.
        made_from: products in the workspace that stand below one of those.
        versions: `{"version", "stage", "model", "role"}`, the champion first.
        store: files in packages that name the video or were trained on it, with their objects.
        alike: other video_ids with the same or nearly the same content, as the dataset noted.

    """

    seen: Seen
    data: list[str] = field(default_factory=list)
    objects: list[StoredObject] = field(default_factory=list)
    products: list[Trace] = field(default_factory=list)
    made_from: list[str] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    store: list[dict[str, Any]] = field(default_factory=list)
    alike: list[str] = field(default_factory=list)


def touched_by(asked: list[str], root: Path = Path(), *, offline: bool = False) -> list[Touched]:
    """Look for everything that each of the videos touched.

    Args:
        asked: video_ids or files, as `who_saw` takes them.
        root: a checkout with its workspace, the tags, the store and the DVC remotes.
        offline: leave the DVC remotes out.

    """
    store = open_store(read_settings(root).store)
    with open_objects(root, offline=offline) as objects:
        known = [
            (version, read_version_videos(store, version.version, objects)) for version in versions(root)
        ]
        return [touched(name, known, store, objects, root) for name in asked]


def touched(
    asked: str,
    known: list[tuple[Version, VersionVideos | None]],
    store: Store,
    objects: Objects,
    root: Path,
) -> Touched:
    """Everything one video touched."""
    seen = look(asked, known)
    ids = {asked} if not Path(asked).is_file() else set()
    ids |= {each.video_id for each in seen.sightings}
    found = Touched(seen)
    found.data = data_files(asked, ids, root)
    listings = {version.version: videos.data or {} for version, videos in known if videos is not None}
    found.objects = stored_objects(ids, {**listings, WORKSPACE: workspace_listing(root, objects)}, objects)
    found.products, found.made_from, found.alike = workspace_traces(ids, root)
    found.versions = concerned(seen)
    found.store = [entry for each in found.versions for entry in package_traces(store, each, ids)]
    return found


def data_files(asked: str, ids: set[str], root: Path) -> list[str]:
    """The video below the media root of this checkout, and the files beside it that bear its name."""
    media = Path(load_all(root)["corpus"]["media"])
    found = []
    for video_id in sorted(ids):
        relative = Path(video_id)
        beside = [
            path
            for path in sorted((root / media.parent).glob(f"*/{relative.with_suffix('')}.*"))
            if path.is_file()
        ]
        found += [path.relative_to(root).as_posix() for path in beside]
    given = Path(asked)
    if given.is_file() and given.absolute().is_relative_to(root.absolute()):
        found.append(given.absolute().relative_to(root.absolute()).as_posix())
    return sorted(set(found), key=lambda name: (not name.startswith(f"{media.as_posix()}/"), name))


def workspace_listing(root: Path, objects: Objects) -> Listing:
    """What the checkout's own data.dvc pins, registered or not; empty where its listing is not to be had."""
    if not (root / "data.dvc").is_file():
        return {}
    md5 = pinned(root / "data.dvc")[1]
    data = objects.read(md5)
    return {} if data is None else parse_dir(data, md5)


def stored_objects(ids: set[str], listings: dict[str, Listing], objects: Objects) -> list[StoredObject]:
    """The objects of the video and of the files beside it, in every version's data and in the checkout's."""
    wanted: dict[tuple[str, str], set[str]] = {}
    stems = {Path(video_id).with_suffix("").as_posix() for video_id in ids}
    for holder, listing in listings.items():
        for path, md5 in listing.items():
            if Path(path).with_suffix("").as_posix().partition("/")[2] in stems:
                wanted.setdefault((path, md5), set()).add(holder)
    found = []
    for (path, md5), names in sorted(wanted.items()):
        held = objects.check(md5)
        places, where = (*held.good, *held.bad), tuple(objects.locations(md5))
        found.append(StoredObject(path, md5, places, where, tuple(sorted(names))))
    return found


def concerned(seen: Seen) -> list[dict[str, Any]]:
    """The versions that had the video, the champion first, then those trained on it; a role each."""
    rows: dict[str, dict[str, Any]] = {}
    for each in sorted(seen.sightings, key=lambda one: ROLES.index(one.role)):
        row = {"version": each.version, "stage": each.stage, "model": each.model, "role": each.role}
        rows.setdefault(each.version, row)
    return sorted(rows.values(), key=lambda row: (row["stage"] != CHAMPION, ROLES.index(row["role"])))
