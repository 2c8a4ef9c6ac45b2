"""Our distances over many relabellings are Evidently's of one; thresholds keep the rate they are given."""

import numpy as np
import pandas as pd
import pytest
from evidently.legacy.calculations.stattests import get_stattest
from evidently.legacy.core import ColumnType

from components.core.errors import UsageError
from components.core.seeds import rng
from components.monitor import thresholds as module
from components.monitor.relabel import JensenShannon, Wasserstein
from components.monitor.settings import Settings
from components.monitor.thresholds import tail, thresholds


def evidently(name: str, kind: ColumnType, values: pd.Series, labels: np.ndarray) -> float:
    reference, current = values[labels].dropna(), values[~labels].dropna()
    return float(get_stattest(reference, current, kind, name)(reference, current, kind, None).drift_score)


@pytest.mark.parametrize("seed", range(5))
def test_wasserstein_is_evidentlys(seed: int) -> None:
    generator = rng(seed, "numbers")
    values = np.round(generator.normal(50, 10, 80), seed % 3)  # ties
    values[generator.random(80) < 0.1] = np.nan
    labels = generator.random((6, 80)) < 0.6
    ours = Wasserstein(values)(labels)
    theirs = [evidently("wasserstein", ColumnType.Numerical, pd.Series(values), row) for row in labels]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_jensen_shannon_is_evidentlys(seed: int) -> None:
    generator = rng(seed, "categories")
    codes = generator.choice(4, 80, p=[0.6, 0.3, 0.08, 0.02])
    labels = generator.random((6, 80)) < 0.6
    ours = JensenShannon(codes)(labels)
    named = pd.Series(codes).map({0: "a", 1: "b", 2: "c", 3: "d"})
    theirs = [evidently("jensenshannon", ColumnType.Categorical, named, row) for row in labels]
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-9)


def test_a_constant_column_has_no_threshold_and_a_side_without_values_no_distance() -> None:
    constant, one_side = np.full(40, 2.0), np.r_[np.arange(3.0), np.full(37, np.nan)]
    assert thresholds([Wasserstein(constant)], 20, 20, rate=0.05, permutations=99, seed=0)[0].value is None
    assert Wasserstein(one_side)(np.arange(40)[None, :] < 20).tolist() == [0.0]


def test_tail_counts_ties() -> None:
    assert tail(np.array([1.0, 2.0, 2.0, 3.0])).tolist() == [1.0, 0.75, 0.75, 0.25]


def test_thresholds_do_not_depend_on_how_many_relabellings_are_held_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    columns = [Wasserstein(rng(0, name).normal(size=60)) for name in "abc"]
    whole = thresholds(columns, 35, 25, rate=0.05, permutations=199, seed=4)
    monkeypatch.setattr(module, "CELLS", 60 * 7)
    assert thresholds(columns, 35, 25, rate=0.05, permutations=199, seed=4) == pytest.approx(whole)


def test_features_share_one_rate() -> None:
    """The more features, the higher each threshold; a copy of a feature costs nothing."""
    columns = [Wasserstein(rng(0, name).normal(size=60)) for name in range(12)]
    alone = thresholds(columns[:1], 30, 30, rate=0.05, permutations=999, seed=0)[0]
    copied = thresholds(columns[:1] * 12, 30, 30, rate=0.05, permutations=999, seed=0)[0]
    among = thresholds(columns, 30, 30, rate=0.05, permutations=999, seed=0)[0]
    assert alone.value is not None and among.value is not None
    assert copied == alone
    assert among.value > alone.value


def test_a_clear_shift_is_found_among_many_features_however_few_relabellings_are_asked_for() -> None:
    noise = [rng(0, name).normal(size=60) for name in range(40)]
    moved = np.r_[np.zeros(30), np.full(30, 3.0)] + rng(0, "moved").normal(size=60)
    columns = [Wasserstein(values) for values in [*noise, moved]]
    limit = thresholds(columns, 30, 30, rate=0.05, permutations=2, seed=0)[-1]
    assert limit.value is not None
    assert columns[-1](np.arange(60)[None, :] < 30)[0] > limit.value


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"rate": 0.0}, "monitor.rate"),
        ({"permutations": 0}, "monitor.permutations"),
        ({"videos": 1}, "monitor.smallest.videos"),
        ({"streams": True}, "monitor.smallest.streams"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change: dict[str, float], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        Settings(**change)  # type: ignore[arg-type]
