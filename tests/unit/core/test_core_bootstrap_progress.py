"""Intervals resample whole clusters; progress prints whole lines."""

import io
from statistics import fmean

import numpy as np
import pytest

from components.core.bootstrap import cluster_interval
from components.core.progress import Progress, clock, track


def test_interval_is_that_of_the_normal_law_for_many_single_points() -> None:
    values = np.random.default_rng(0).normal(10, 2, 2000).tolist()
    low, high = cluster_interval(values, range(2000), fmean, seed=1)
    half = 1.96 * 2 / 2000**0.5
    assert low == pytest.approx(fmean(values) - half, abs=0.25 * half)
    assert high == pytest.approx(fmean(values) + half, abs=0.25 * half)


def test_matched_triples_are_resampled_whole() -> None:
    # Every triple has one right of three: whole triples always give 1/3, single points would not.
    items, clusters = [1, 0, 0] * 30, [n // 3 for n in range(90)]
    assert cluster_interval(items, clusters, fmean, seed=0) == pytest.approx((1 / 3, 1 / 3))
    low, high = cluster_interval(items, range(90), fmean, seed=0)
    assert high - low > 0.1


def test_interval_repeats_with_its_seed_and_needs_items() -> None:
    items = [0.0, 1.0, 2.0, 5.0, 9.0]
    first = cluster_interval(items, "abcde", fmean, seed=3)
    assert (
        first
        == cluster_interval(items, "abcde", fmean, seed=3)
        != cluster_interval(items, "abcde", fmean, seed=4)
    )
    with pytest.raises(ValueError, match="as many clusters"):
        cluster_interval(items, "abc", fmean, seed=3)
    with pytest.raises(ValueError, match="at least one"):
        cluster_interval([], [], fmean, seed=3)


def test_draws_without_a_value_are_left_out() -> None:
    def of_ones(items: list[float]) -> float:
        ones = [item for item in items if item == 1]
        return fmean(ones) if ones else float("nan")

    assert cluster_interval([1.0, 0.0], "ab", of_ones, seed=0) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (75.2, "1:15"), (3601, "60:01"), (-3, "0:00")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_progress_prints_whole_lines_and_always_the_last() -> None:
    stream = io.StringIO()
    progress = Progress("clips", 4, every_s=3600, stream=stream)
    progress.step()
    progress.step(2)
    assert stream.getvalue() == ""
    progress.step(note="done")
    line = stream.getvalue()
    assert line.startswith("clips 4/4 (100 %), 0:00 left, done")
    assert line.count("\n") == 1 and line.endswith("\n")


def test_a_silent_progress_counts_and_prints_nothing() -> None:
    stream = io.StringIO()
    progress = Progress("train", 2, every_s=0, stream=stream, silent=True)
    progress.step()
    progress.step()
    assert progress.done == 2 and stream.getvalue() == ""


def test_track_yields_everything_and_prints_at_least_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track("abc", "letters", 3, every_s=0)) == ["a", "b", "c"]
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" (")[0] for line in lines] == ["letters 1/3", "letters 2/3", "letters 3/3"]
