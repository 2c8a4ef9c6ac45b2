"""What is known of videos besides their bytes: source, licence, and the benchmark that holds them out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json

NOT_STATED = "not stated"
EVERY = "*"


@dataclass(frozen=True)
class Origin:
    """Where a video comes from and under which licence."""

    source: str
    licence: str


class Origins:
    """`sources.json`: `{video_id or "*": {"source", "licence"}}`; optional."""

    def __init__(self, path: Path):
        self.known: dict[str, Origin] = {}
        listed = read_json(path) if path.is_file() else {}
        if not isinstance(listed, dict):
            raise DataError(f'{path}: expected an object {{video_id or "*": {{"source", "licence"}}}}')
        for key, value in listed.items():
            if not isinstance(value, dict) or not all(
                isinstance(value.get(k), str) for k in ("source", "licence")
            ):
                raise DataError(f"{path}: {key!r} needs the strings `source` and `licence`, got {value!r}")
            self.known[key] = Origin(value["source"], value["licence"])

    def of(self, video_id: str) -> Origin:
        """The video's own entry, else that of `*`, else its first folder and licence `not stated`."""
        folder = video_id.partition("/")[0] if "/" in video_id else NOT_STATED
        return self.known.get(video_id) or self.known.get(EVERY) or Origin(folder, NOT_STATED)


def read_benchmark(path: Path) -> list[dict[str, Any]]:
    """Annotations of the held-out benchmark in OVO-Bench's format; empty where there is no such file."""
    if not path.is_file():
        return []
    entries = read_json(path)
    if not isinstance(entries, list):
        raise DataError(f"{path}: expected a list of OVO-Bench annotations")
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict) or not isinstance(entry.get("video"), str) or "id" not in entry:
            raise DataError(f"{path}: annotation {number} needs `id` and `video` (a video_id)")
    return entries
