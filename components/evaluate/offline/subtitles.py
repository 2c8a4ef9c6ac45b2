"""Subtitles at the instants of the pictures: those that are on screen then, each once, in order of time."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json

CLOCK = re.compile(r"(\d+):(\d+):(\d+(?:[.,]\d+)?)")
ARROW = re.compile(rf"{CLOCK.pattern}\s*-->\s*{CLOCK.pattern}")
TAG = re.compile(r"<[^>]*>")
Line = tuple[float, float, str]


def seconds(hours: str, minutes: str, rest: str) -> float:
    """Clock parts as seconds."""
    return 3600 * int(hours) + 60 * int(minutes) + float(rest.replace(",", "."))


def read_srt(path: Path) -> list[Line]:
    """The lines of an .srt file; blocks without a time are left out, as players do."""
    lines = []
    for block in re.split(r"\n\s*\n", path.read_text("utf-8", errors="replace").replace("\r", "")):
        found = ARROW.search(block)
        if found:
            text = " ".join(TAG.sub("", block[found.end() :]).split())
            lines.append((seconds(*found.groups()[:3]), seconds(*found.groups()[3:]), text))
    return lines


def read_listed(path: Path) -> list[Line]:
    """LongVideoBench's files: rows with `timestamp` and `text`, or `start`, `end` and `line`."""
    rows = read_json(path)
    if not isinstance(rows, list):
        raise DataError(f"{path}: expected a list of subtitles")
    return [read_row(row, f"{path}: row {number}") for number, row in enumerate(rows, 1)]


def read_row(row: Any, where: str) -> Line:
    """One row of either form; an open end lasts for ever."""
    try:
        if "timestamp" in row:
            start, end = row["timestamp"]
            return float(start), float("inf") if end is None else float(end), str(row["text"])
        return clock(row["start"]), clock(row["end"]), str(row["line"])
    except (KeyError, TypeError, ValueError):
        raise DataError(
            f"{where}: expected timestamp and text, or start, end and line, got {row!r}"
        ) from None


def clock(text: str) -> float:
    """`00:01:02.5` as seconds; ValueError if it is none."""
    found = CLOCK.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return seconds(*found.groups())


def at_instants(path: Path, times_s: Sequence[float], begins_s: float) -> list[str]:
    """What is on screen at any of the instants; `begins_s`: where the video begins in the file's time."""
    lines = read_srt(path) if path.suffix == ".srt" else read_listed(path)
    out: list[str] = []
    for start, end, text in sorted(lines):
        shown = any(start - begins_s <= time < end - begins_s for time in times_s)
        if shown and text and (not out or out[-1] != text):
            out.append(text)
    return out
