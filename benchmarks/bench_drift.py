"""False alarms of `streamo drift` and of simpler ways on one distribution, and the shifts it finds.

`python benchmarks/bench_drift.py [--features DIR] [--reports N] [--reference N] [--current N]`; without a
folder of stage features the labels of 300 videos of the embedded world are derived first.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from evidently.legacy.calculations.stattests import get_stattest
from evidently.legacy.core import ColumnType

from components.monitor.compare import compare
from components.monitor.settings import Settings
from components.monitor.tables import CATEGORIES, MEANS, Features, by_video, read_features
from tests.support import drifting

SIZES: dict[str, tuple[Callable[[Features, float], Features], list[float]]] = {
    "state.silence": (drifting.from_silence_to_standby, [0.02, 0.03, 0.05, 0.08]),
    "duration_s": (drifting.longer, [1.02, 1.03, 1.05]),
    "brightness": (drifting.brighter, [1.0, 1.5, 2.0, 3.0]),
    "answer_tokens": (drifting.wordier, [1.05, 1.1, 1.2]),
    "turns_to_response": (drifting.later, [0.3, 0.5, 1.0]),
    "video_source": (drifting.other_source, [0.03, 0.05, 0.1]),
}


def ours(reference: Features, current: Features, seed: int) -> set[str]:
    """What `streamo drift` finds."""
    return {finding.feature for finding in compare(*by_video(reference, current), Settings(seed=seed)).found}


def by_sample(reference: Features, current: Features, bonferroni: bool) -> bool:
    """Whether any column of samples.parquet alarms: K-S at 0.05 / columns, or Evidently's own choice."""
    columns = sorted(set(MEANS.values()))
    return any(
        alarms(
            reference.samples[name], current.samples[name], name, "ks" if bonferroni else None, len(columns)
        )
        for name in columns
    )


def by_column(reference: Features, current: Features) -> bool:
    """Whether any column of one row a video alarms by Evidently's own choice of method and threshold."""
    before, after = by_video(reference, current)
    return any(alarms(before[name], after[name], name, None, 1) for name in before.columns)


def alarms(before: pd.Series, after: pd.Series, name: str, method: str | None, columns: int) -> bool:
    """Evidently's verdict on one column."""
    kind = ColumnType.Categorical if name in CATEGORIES else ColumnType.Numerical
    before, after = before.dropna(), after.dropna()
    test = get_stattest(before, after, kind, method)
    return bool(test(before, after, kind, 0.05 / columns if method else None).drifted)


def main() -> None:
    """Print the table of false alarms, then the shifts by size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path)
    parser.add_argument("--reports", type=int, default=200)
    parser.add_argument("--reference", type=int, default=300)
    parser.add_argument("--current", type=int, default=200)
    args = parser.parse_args()
    if args.features:
        world = read_features(args.features)
    else:
        with tempfile.TemporaryDirectory() as folder:
            world = drifting.world_features(drifting.world_dialogues(Path(folder), clips=300))
    counts = {"ours": 0, "samples, K-S, Bonferroni": 0, "samples, defaults": 0, "videos, defaults": 0}
    for number in range(args.reports):
        sides = [
            drifting.resample(world, size, side, number)
            for side, size in (("reference", args.reference), ("current", args.current))
        ]
        counts["ours"] += bool(ours(sides[0], sides[1], number))
        counts["samples, K-S, Bonferroni"] += by_sample(sides[0], sides[1], bonferroni=True)
        counts["samples, defaults"] += by_sample(sides[0], sides[1], bonferroni=False)
        counts["videos, defaults"] += by_column(sides[0], sides[1])
    print(f"{args.reports} reports on one distribution, {args.reference} against {args.current} videos")
    for way, count in counts.items():
        print(f"  {way}: {count} alarms ({100 * count / args.reports:.1f} %)")
    runs = max(1, args.reports // 10)
    for feature, (shift, sizes) in SIZES.items():
        for size in sizes:
            found = 0
            for number in range(runs):
                reference = drifting.resample(world, args.reference, "reference", "planted", number)
                current = shift(drifting.resample(world, args.current, "current", "planted", number), size)
                found += feature in ours(reference, current, number)
            print(f"  {feature} by {size:g}: found {found} of {runs}", flush=True)


if __name__ == "__main__":
    main()
