"""`streamo score ovo`: the options, files and points of OVO-Bench for the registry of benchmarks."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.evaluate.benchmarks import Benchmark
from components.evaluate.ovo_format import Entry, Results, load_annotations, load_results
from components.evaluate.ovo_rules import OVO, official, strict
from components.evaluate.ovo_score import entry_points, score, scored_points
from components.evaluate.scheme import Scheme, Scored
from components.evaluate.streams import Stream, stream_from


@dataclass(frozen=True)
class Loaded:
    """An annotation file, one model's results and, where given, the streams behind them."""

    entries: Sequence[Entry]
    results: Results
    streams: Sequence[Stream]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The annotation file and the streams."""
    parser.add_argument(
        "--annotations", type=Path, required=True, help="ovo_bench_new.json or the same format"
    )
    parser.add_argument(
        "--streams",
        type=Path,
        metavar="FILE",
        help="predictions.json beside the results: says also when the model spoke",
    )


def load(args: argparse.Namespace, results: Path) -> Loaded:
    """Read them, checked at the door."""
    streams = load_streams(args.streams) if args.streams else []
    return Loaded(load_annotations(args.annotations), load_results(results), streams)


def load_streams(path: Path) -> list[Stream]:
    """The streams of a predictions.json; DataError names the one that is none."""
    content = read_json(path)
    rows = content.get("streams") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        raise DataError(f"{path}: expected an object with a list `streams` (predictions.json of an ovo run)")
    streams = []
    for number, row in enumerate(rows):
        try:
            streams.append(stream_from(row))
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            raise DataError(f"{path}: stream {number}: {error}; run the model again") from None
    return streams


def score_loaded(loaded: Loaded, seed: int) -> dict[str, Any]:
    """`ovo_score.score` of what was loaded."""
    return score(loaded.entries, loaded.results, seed=seed, streams=loaded.streams)


def points(loaded: Loaded) -> dict[str, list[Scored]]:
    """Every point of every annotation entry once, by both rules."""
    return {
        name: scored_points(loaded.entries, entry_points(loaded.entries, loaded.results, rule))
        for name, rule in (("official", official), ("strict", strict))
    }


def scheme(_: Loaded) -> Scheme:
    """Tasks to three groups, the total their mean."""
    return OVO


BENCHMARK = Benchmark(add_arguments, load, score_loaded, points, scheme)
