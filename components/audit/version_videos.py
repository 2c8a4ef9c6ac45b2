"""The videos of a registered version, from its package: manifest, split, and the listing of its data."""

import io
import json
from dataclasses import dataclass
from typing import Any

import yaml

from components.audit.objects import Objects
from components.audit.raw_videos import read_rows
from components.core.errors import DataError
from components.lineage.tree import Listing, dir_md5, parse_dir
from components.registry.store import Store

MANIFEST, SPLIT, LISTING = "product/corpus/manifest.parquet", "product/dataset/split.json", "git/data.md5"
DATA, PARAMS = "git/data.dvc", "git/params.yaml"
TRAIN, VALIDATION, BENCHMARK, EXCLUDED = "train", "validation", "benchmark", "excluded"


@dataclass(frozen=True)
class VersionVideos:
    """What one version says of its videos.

    Attributes:
        rows: video_id -> row of the manifest (usable videos).
        split: video_id -> `train` or `validation`.
        data: path below the pinned folder -> MD5; None where no place has the listing.
        media: the media root below the pinned folder, e.g. `media`.

    """

    version: str
    rows: dict[str, dict[str, Any]]
    split: dict[str, str]
    data: Listing | None
    media: str

    def role(self, video_id: str) -> tuple[str, str]:
        """`(role, why)` of a usable video."""
        if video_id in self.split:
            return self.split[video_id], "split.json"
        if self.rows[video_id]["role"] == BENCHMARK:
            return BENCHMARK, "manifest"
        return EXCLUDED, "usable, but in neither split (dataset/quarantine.json says why)"

    def unusable(self) -> dict[str, str]:
        """video_id -> MD5 of files below the media root that the manifest does not list."""
        prefix = f"{self.media}/" if self.media else ""
        named = {
            path.removeprefix(prefix): md5
            for path, md5 in (self.data or {}).items()
            if path.startswith(prefix)
        }
        return {name: md5 for name, md5 in named.items() if name not in self.rows}


def read_version_videos(store: Store, version: str, objects: Objects) -> VersionVideos | None:
    """The videos of a version, None if its package does not tell them.

    Raises:
        DataError: a file of the package is damaged or missing in the store.

    """
    files = store.manifest(version)["files"]
    if MANIFEST not in files or SPLIT not in files:
        return None
    rows = {row["video_id"]: row for row in read_rows(store.get(version, MANIFEST))}
    split = json.loads(store.get(version, SPLIT))
    pinned, media = pinned_data(store, version)
    listing = read_data(store, version, objects, pinned) if pinned else None
    return VersionVideos(version, rows, split, listing, media)


def pinned_data(store: Store, version: str) -> tuple[str, str]:
    """`(md5 of the pinned data, media root below it)`; ("", "") where the package does not hold data.dvc."""
    files = store.manifest(version)["files"]
    if DATA not in files or PARAMS not in files:
        return "", ""
    out = yaml.safe_load(store.get(version, DATA))["outs"][0]
    media = str(yaml.safe_load(store.get(version, PARAMS))["corpus"]["media"])
    return str(out.get("md5", "")), media.removeprefix(str(out["path"])).lstrip("/")


def read_data(store: Store, version: str, objects: Objects, md5: str) -> Listing | None:
    """The listing of the pinned data, from the package or from DVC's objects; it must be the pinned one."""
    if LISTING in store.manifest(version)["files"]:
        text = io.StringIO(store.get(version, LISTING).decode("utf-8"))
        rows = (line.rstrip("\n").split("  ", 1) for line in text)
        listing = {row[1]: row[0] for row in rows if len(row) == 2}
        if dir_md5(listing) == md5:
            return listing
    data = objects.read(md5)
    try:
        return None if data is None else parse_dir(data, md5)
    except DataError:
        return None
