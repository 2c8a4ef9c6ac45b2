"""JSON files of a source merged into those of the data: by id, without replacing what is there.

Pure functions of parsed JSON. What is refused is a quarantine row; nothing is dropped uncounted.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.core.files import dumps

TAKEN, OF_REFUSED, MALFORMED = "id_taken", "video_quarantined", "malformed"
EVERY = "*"
NOT_STATED = "not stated"  # as components/video/origin.py has it for a video nobody says anything of


@dataclass
class Merged:
    """The merged value, how many rows are new and how many were there, and what was refused."""

    value: Any
    new: int = 0
    present: int = 0
    quarantine: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, identity: str, reason: str, detail: str) -> None:
        """Note one row that is not taken."""
        self.quarantine.append({"id": identity, "reason": reason, "detail": detail})


def merge_rows(
    name: str, ours: Sequence[Any], theirs: Sequence[Any], *, video_key: str, refused: Collection[str]
) -> Merged:
    """A list of rows: new ids are appended in order, equal rows counted, other rows of a known id refused.

    Args:
        name: of the file, for quarantine ids.
        ours: rows of the data.
        theirs: rows of the source.
        video_key: field with the video_id: `video_path` of labels, `video` of a benchmark.
        refused: video_ids of the source that were not taken; rows about them describe other bytes.

    """
    known = {_key(row): row for row in ours}
    merged = Merged(list(ours))
    for row in theirs:
        if not isinstance(row, dict):
            merged.refuse(f"{name}/{dumps(row, indent=None).strip():.60}", MALFORMED, "expected an object")
        elif row.get(video_key) in refused:
            merged.refuse(f"{name}/{_key(row):.60}", OF_REFUSED, f"{row[video_key]} was not taken")
        elif _key(row) not in known:
            known[_key(row)] = row
            merged.value.append(row)
            merged.new += 1
        elif known[_key(row)] == row:
            merged.present += 1
        else:
            merged.refuse(
                f"{name}/{_key(row):.60}", TAKEN, "another row bears this id; give this one its own"
            )
    return merged


def _key(row: Any) -> str:
    """A row's id; of one without, its whole content."""
    found = row.get("id") if isinstance(row, dict) else None
    return dumps(row if found is None else found, indent=None).strip()


def merge_sources(
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    *,
    new_videos: Collection[str],
    refused: Collection[str],
) -> Merged:
    """`sources.json`: every new video gets the entry that its own source gives it.

    `*` stands for the videos of its own file only: theirs is written out for each new video, and where they
    say nothing but ours has a `*`, the video is written as not stated, or it would get our licence.
    """
    merged = Merged(dict(ours))
    for key in sorted(theirs):
        if key == EVERY:
            continue
        if key in refused:
            merged.refuse(f"sources.json/{key}", OF_REFUSED, f"{key} was not taken")
        elif key not in ours:
            merged.value[key] = theirs[key]
            merged.new += 1
        elif ours[key] == theirs[key]:
            merged.present += 1
        else:
            merged.refuse(f"sources.json/{key}", TAKEN, "the data states another source or licence for it")
    for video in sorted(new_videos):
        default = theirs.get(EVERY, _nothing_stated(video) if EVERY in ours else None)
        if video not in merged.value and default is not None and default != ours.get(EVERY):
            merged.value[video] = default
            merged.new += 1
    return merged


def _nothing_stated(video: str) -> dict[str, str]:
    folder = video.partition("/")[0] if "/" in video else NOT_STATED
    return {"source": folder, "licence": NOT_STATED}
