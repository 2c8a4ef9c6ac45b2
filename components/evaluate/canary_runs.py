"""The two runners of this room as the canary's black boxes: suite `ovo` of the DAG, and `ovo-bench`."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.evaluate.canary import Run, Said, key_of
from components.evaluate.ovo_bench import Settings
from components.evaluate.ovo_bench import run as run_bench
from components.evaluate.ovo_bench.items import points_of
from components.evaluate.ovo_format import Entry, Results, answers, load_results, rows_of
from components.evaluate.run_entries import watch_entries
from components.evaluate.run_models import Runner
from components.evaluate.streams import turn_of
from components.video.frames import num_turns
from components.video.probe import probe


def suite_ovo(model: Path, *, max_new_tokens: int) -> Run:
    """The online runner behind suite `ovo` with one model folder."""

    def run(entries: Sequence[Entry], videos: Path) -> Mapping[str, Said]:
        turns = {entry["video"]: turns_of(videos / entry["video"]) for entry in entries}
        runner = Runner(videos, turns, max_new_tokens=max_new_tokens)
        runner.use(model)
        watched = watch_entries(runner, entries, label="canary", seed=0)
        return said(entries, watched.results(entries), watched.predictions()["streams"])

    return run


def ovo_bench(model: Path, settings: Settings) -> Run:
    """`ovo_bench.run` with one model folder and these settings."""

    def run(entries: Sequence[Entry], videos: Path) -> Mapping[str, Said]:
        with tempfile.TemporaryDirectory() as folder:
            annotations, out = Path(folder) / "annotations.json", Path(folder) / "out"
            write_json(annotations, list(entries))
            run_bench(model, annotations, videos, out, settings)
            kept = read_json(out / "predictions.json")
            results = load_results(out / "results")
            return said(entries, results, kept["streams"], polled=kept["said"], fps=settings.fps)

    return run


def said(
    entries: Sequence[Entry],
    results: Results,
    streams: Sequence[Mapping[str, Any]],
    *,
    polled: Mapping[str, Any] | None = None,
    fps: int = 1,
) -> dict[str, Said]:
    """What was said to every entry, by `key_of`.

    An answer is that of the official row together with what the stream did on the point's own turn, which
    tells more: many texts become the same answer. At several frames a turn a stream rightly goes on with
    frames after a query in mid-second, and the row alone counts.
    """
    rows = {key_of(row): answers(row) for row in rows_of(results)}
    own: dict[str, list[Mapping[str, Any]]] = {}
    for stream in streams:
        own.setdefault(f"{stream['task']}-{stream['entry']}", []).append(stream)
    found = {}
    for entry in entries:
        key = key_of(entry)
        heard = [on_turn(point, own.get(key, [])) if fps == 1 else [] for point in points_of(entry)]
        texts = (polled or {}).get(key)
        found[key] = Said(list(zip(rows[key], heard, strict=True)), [own.get(key, []), texts])
    return found


def on_turn(point: Mapping[str, Any], streams: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """State, text and forced answer of the streams that a point is read from, on the point's turn."""
    wanted = [stream for stream in streams if stream["step"] in (None, point.get("step"))]
    places = [turn_of(float(point["realtime"]), len(stream["states"])) for stream in wanted]
    return [
        (stream["states"][turn], stream["texts"].get(str(turn)), stream["forced"])
        for stream, turn in zip(wanted, places, strict=True)
    ]


def turns_of(path: Path) -> int:
    """The turns of a video; DataError if it is none."""
    found = probe(path, quick=True)
    if not found.ok or found.duration_s is None:
        raise DataError(f"{path}: {found.reason}; the canary needs videos that decode")
    return num_turns(found.duration_s)
