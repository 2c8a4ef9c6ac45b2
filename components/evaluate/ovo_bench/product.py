"""What a finished run leaves: official rows for `streamo score ovo`, the streams behind them, the counts."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.core.errors import InternalError
from components.core.files import write_json
from components.evaluate.ovo_bench.items import key_of, points_of
from components.evaluate.ovo_bench.official import DEFAULT, READINGS
from components.evaluate.ovo_format import TASKS, Entry, make_results

Done = Mapping[str, Mapping[str, Any]]  # journal entries by key


def write_product(
    out: Path, entries: Sequence[Entry], done: Done, settings: dict[str, Any]
) -> dict[str, Any]:
    """Write the files of a run in which every entry is done or rejected; returns `run.json`."""
    missing = [key_of(entry) for entry in entries if key_of(entry) not in done]
    if missing:
        raise InternalError(f"{len(missing)} entries were never done, first {missing[0]}")
    polled = settings["protocol"] == "polling"
    for reading in (DEFAULT,) if polled else READINGS:
        folder = out / "results" if reading == DEFAULT else out / "readings" / reading
        write_json(folder / "ovo.json", make_results(entries, given(entries, done, reading)))
    if settings["sample"] is not None:
        write_json(out / "annotations.json", list(entries))
    streams = [stream for entry in entries for stream in done[key_of(entry)].get("streams", [])]
    said = {key_of(e): done[key_of(e)]["said"] for e in entries if "said" in done[key_of(e)]}
    write_json(
        out / "predictions.json", {"schema": 1, "suite": "ovo-bench", "streams": streams, "said": said}
    )
    told = summary(entries, done, settings)
    write_json(out / "run.json", told)
    return told


def given(entries: Sequence[Entry], done: Done, reading: str) -> dict[tuple[str, Any], list[str | None]]:
    """The answers of one reading by (task, id); rejected entries have none and are scored as missing."""
    found = {}
    for entry in entries:
        answers = done[key_of(entry)].get("given")
        if answers is not None:
            found[entry["task"], entry["id"]] = answers.get(reading, answers[DEFAULT])
    return found


def summary(entries: Sequence[Entry], done: Done, settings: dict[str, Any]) -> dict[str, Any]:
    """Counts: entries, points, rejections by reason, and how the answers of each task came about."""
    how: dict[str, Counter[str]] = defaultdict(Counter)
    rejected: dict[str, Counter[str]] = defaultdict(Counter)
    rejections = []
    for entry in entries:
        line, points = done[key_of(entry)], len(points_of(entry))
        how[entry["task"]].update(line.get("how", {}))
        if "rejected" in line:
            rejected[line["rejected"]["reason"]].update(entries=1, points=points)
            rejections.append({"id": key_of(entry), **line["rejected"]})
    return {
        "schema": 1,
        "suite": "ovo-bench",
        "settings": settings,
        "entries": len(entries),
        "points": sum(len(points_of(entry)) for entry in entries),
        "videos": len({entry["video"] for entry in entries}),
        "rejected": {reason: dict(count) for reason, count in sorted(rejected.items())},
        "rejections": rejections,
        "how": {task: dict(sorted(how[task].items())) for task in TASKS if task in how},
    }
