"""The benchmarks that `streamo score` knows: a name, the line it is shown with, the module that scores it.

Each module has a `BENCHMARK` of the kind below. All are imported for the command's options, so what is heavy
is imported inside their functions.
"""

import argparse
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.evaluate.scheme import Scheme, Scored


@dataclass(frozen=True)
class Benchmark:
    """How one benchmark is scored.

    Attributes:
        add_arguments: adds the benchmark's own options to its parser; `--results`, `--against`, `--seed` and
            `--json` are there already.
        load: reads what is to be scored, `load(args, results)`: the options, and the file or folder that
            `--results` (or `--against`) names. DataError names file, row and key.
        score: the object that is printed, `score(loaded, seed)`: `tasks`, `groups`, `total`, `strict`,
            `floors` (design: public contract), more beside.
        points: per rule (`official`, `strict`) the scored points, for the paired comparison.
        scheme: how they add up.

    """

    add_arguments: Callable[[argparse.ArgumentParser], None]
    load: Callable[[argparse.Namespace, Path], Any]
    score: Callable[[Any, int], dict[str, Any]]
    points: Callable[[Any], Mapping[str, Sequence[Scored]]]
    scheme: Callable[[Any], Scheme]


@dataclass(frozen=True)
class Listed:
    """One line of the registry."""

    summary: str
    module: str

    def get(self) -> Benchmark:
        """The benchmark itself; imports its module."""
        found: Benchmark = importlib.import_module(self.module).BENCHMARK
        return found


BENCHMARKS = {
    "ovo": Listed("OVO-Bench: official rule, strict rule, floors", "components.evaluate.ovo_benchmark"),
    "videomme": Listed("Video-MME, with or without subtitles", "components.evaluate.offline.videomme"),
    "tempcompass": Listed("TempCompass: a model's folder", "components.evaluate.offline.tempcompass"),
    "mvbench": Listed("MVBench: 20 temporal tasks", "components.evaluate.offline.mvbench"),
    "longvideobench": Listed(
        "LongVideoBench: its validation set", "components.evaluate.offline.longvideobench"
    ),
    "grounding": Listed(
        "spans and highlights: R@IoU, mIoU, mAP, floors", "components.evaluate.grounding.score"
    ),
    "captions": Listed(
        "dense captions: SODA_c, events found, likeness, floors", "components.evaluate.captions.score"
    ),
    "streamo_bench": Listed(
        "Streamo-Bench: grounding, narration, captions, questions over time, floors",
        "components.evaluate.streamo_bench.benchmark",
    ),
}
