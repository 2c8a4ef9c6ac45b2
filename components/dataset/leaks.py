"""What labels on one's own videos share with a benchmark, and which of their videos are copies of others.

The stage refuses the benchmark videos its manifest names. Here any label file is held against any benchmark
before anything is trained: by bytes and pictures where its videos are at hand, and by names where only its
annotations are.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import DataError
from components.core.progress import track
from components.dataset.alike import alike_pairs, group
from components.dataset.shared import Seen, Shared, across, see
from components.protocol.jsonscan import scan
from components.video.probe import probe_many
from components.video.root import MediaRoot

SAME_NAME = "same_name"
SHORTEST = 5  # letters of a name that says anything: `1.mp4` is in many sets
NAMES = ("video", "video_path", "video_name", "video_id", "videoID", "vid")  # keys of annotations
# Sets on YouTube name their clips by its 11 letters, some with `v_` before and seconds behind; seconds with a
# point stand behind other names, too (`RPY8D_0.0_15.2`).
_YOUTUBE = re.compile(r"(?:v_)?(?P<id>[\w-]{11})(?:_\d+(?:\.\d+)?_\d+(?:\.\d+)?)?")
_CLIP = re.compile(r"(?P<id>.+)_\d+\.\d+_\d+\.\d+")


@dataclass(frozen=True)
class Looked:
    """The videos of one side that could be looked at, and why the others could not."""

    seen: dict[str, Seen] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


def look_at(media: Path, names: Iterable[str] | None = None) -> Looked:
    """Decode videos below a folder: those of these ids, or all of them.

    Each is decoded to its end in a limited child first, so that no broken file is opened in this process.

    Raises:
        DataError: there is no such folder.

    """
    root, found = MediaRoot(media), Looked()
    paths: dict[str, Path] = {}
    for name in sorted({entry.video_id for entry in root.files()} if names is None else set(names)):
        try:
            paths[name] = root.resolve(name)
        except DataError as error:
            found.unreadable[name] = str(error)
    probes = zip(paths.items(), probe_many(list(paths.values())), strict=True)
    for (name, path), probe in track(probes, f"leaks: {media.name}", len(paths)):
        if not probe.ok or probe.duration_s is None:
            found.unreadable[name] = f"{probe.reason}: {probe.detail}"
            continue
        try:
            found.seen[name] = see(path, probe.duration_s)
        except DataError as error:
            found.unreadable[name] = str(error)
    return found


def find(
    labels: Mapping[str, int], mine: Looked, theirs: Looked, names: Iterable[str] = ()
) -> dict[str, Any]:
    """What is shared.

    Args:
        labels: number of labels by video_id.
        mine: their videos.
        theirs: videos of the benchmark.
        names: names of its videos, from annotations.

    Returns:
        `labels`, `videos`, `looked_at`, `unreadable`; `near_duplicates`: groups of videos that show the same;
        `benchmark`: `videos`, `unreadable`, `names`; `leaks`: `{video, benchmark, how, labels}`, sorted.

    """
    given = sorted(set(names))
    pairs = {*across(mine.seen, theirs.seen), *same_names(labels, given)}
    copies = group(
        sorted(mine.seen),
        {name: seen.sha256 for name, seen in mine.seen.items()},
        alike_pairs({name: seen.signature for name, seen in mine.seen.items()}),
    )
    return {
        "labels": sum(labels.values()),
        "videos": len(labels),
        "looked_at": len(mine.seen),
        "unreadable": dict(sorted(mine.unreadable.items())),
        "near_duplicates": [names for names in copies if len(names) > 1],
        "benchmark": {
            "videos": len(theirs.seen),
            "unreadable": dict(sorted(theirs.unreadable.items())),
            "names": len(given),
        },
        "leaks": [
            {"video": pair.train, "benchmark": pair.test, "how": pair.how, "labels": labels[pair.train]}
            for pair in sorted(pairs)
        ],
    }


def same_names(mine: Iterable[str], theirs: Iterable[str]) -> Iterator[Shared]:
    """Pairs whose files bear one name, wherever they lie; a YouTube clip bears that of the whole video."""
    by_origin: dict[str, list[str]] = {}
    for name in theirs:
        by_origin.setdefault(origin(name), []).append(name)
    for name in mine:
        if len(key := origin(name)) >= SHORTEST:
            for other in by_origin.get(key, []):
                yield Shared(name, other, SAME_NAME)


def origin(name: str) -> str:
    """The name of a file without folders and suffix, or of the video it is a clip of where it says so."""
    path = PurePosixPath(name)
    stem = path.stem if re.fullmatch(r"\.[A-Za-z]\w{1,4}", path.suffix) else path.name
    match = _YOUTUBE.fullmatch(stem) or _CLIP.fullmatch(stem)
    return match["id"] if match else stem


def names_in(path: Path) -> Counter[str]:
    """Videos that a file of annotations names: JSON of any form, `.jsonl`, or columns of `.parquet`.

    Raises:
        DataError: the file cannot be read, or names no video.

    """
    found = Counter[str]()
    if path.suffix == ".parquet":
        try:
            with pq.ParquetFile(path) as file:
                columns = [name for name in NAMES if name in file.schema_arrow.names]
                rows = file.read(columns=columns).to_pylist() if columns else []
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{path}: not a readable parquet file ({error})") from None
        found.update(named(rows))
    else:
        for span in scan(path):
            found.update(named(span.value))
    if not found:
        raise DataError(f"{path}: names no video; expected texts under {', '.join(NAMES)}")
    return found


def named(value: Any) -> Counter[str]:
    """Videos that annotations of any form name, and how often: texts under the keys NAMES, at any depth."""
    found: Counter[str] = Counter()
    left = [value]
    while left:
        held = left.pop()
        if isinstance(held, Mapping):
            texts = [held[key] for key in NAMES if isinstance(held.get(key), str)]
            found.update({text for text in texts if text})
            left += held.values()
        elif isinstance(held, list):
            left += held
    return found
