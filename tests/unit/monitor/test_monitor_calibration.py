"""False alarms come at the stated rate; at the same thresholds every planted shift is found and named."""

import math
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.core.seeds import rng
from components.monitor.compare import compare
from components.monitor.drift import Request, detect
from components.monitor.settings import Settings
from components.monitor.tables import Features, by_video
from tests.support.drifting import PLANTS, resample, save

RESAMPLES, REFERENCE, CURRENT = 100, 240, 160
SETTINGS = Settings(rate=0.05)


@dataclass(frozen=True)
class Unchanged:
    """What 100 reports on one distribution said: alarms, and the largest threshold of each feature."""

    alarms: int
    features: int
    highest: dict[str, float]


def binomial_interval(trials: int, rate: float, outside: float = 0.05) -> tuple[int, int]:
    """The counts between which all but `outside` of the mass of a binomial distribution lies."""
    mass, sums = 0.0, []
    for count in range(trials + 1):
        mass += math.comb(trials, count) * rate**count * (1 - rate) ** (trials - count)
        sums.append(mass)
    return (
        next(count for count, below in enumerate(sums) if below > outside / 2),
        next(count for count, below in enumerate(sums) if below >= 1 - outside / 2),
    )


@pytest.fixture(scope="module")
def unchanged(world: Features) -> Unchanged:
    """Videos are drawn from one table, 240 as reference and 160 as current, 100 times."""
    (rows,) = by_video(world)
    alarms, highest, features = 0, {}, set()
    for number in range(RESAMPLES):
        generator = rng(0, "calibration", number)
        sides = [rows.iloc[generator.integers(0, len(rows), size)] for size in (REFERENCE, CURRENT)]
        comparison = compare(*sides, SETTINGS)
        alarms += bool(comparison.found)
        features |= {finding.feature for finding in comparison.findings}
        for finding in comparison.findings:
            if finding.threshold is not None:
                highest[finding.feature] = max(highest.get(finding.feature, 0.0), finding.threshold)
    return Unchanged(alarms, len(features), highest)


def test_binomial_interval() -> None:
    assert binomial_interval(100, 0.05) == (1, 10)
    assert binomial_interval(100, 0.5) == (40, 60)


def test_false_alarms_come_at_the_stated_rate(unchanged: Unchanged) -> None:
    low, high = binomial_interval(RESAMPLES, SETTINGS.rate)
    assert low <= unchanged.alarms <= high
    assert unchanged.features > 20, "the rate is that of the whole report, not of one feature"


@pytest.mark.parametrize("plant", PLANTS)
def test_planted_shift_is_found_and_named(
    plant: str, world: Features, unchanged: Unchanged, tmp_path: Path
) -> None:
    feature, shift = PLANTS[plant]
    reference = save(resample(world, REFERENCE, "reference"), tmp_path / "reference")
    current = save(shift(resample(world, CURRENT, "current")), tmp_path / "current")
    result = detect(Request(reference, current), SETTINGS).result
    assert result["drifted"] is True
    found = {entry["feature"]: entry for entry in result["found"]}
    assert feature in found
    assert found[feature]["statistic"] >= unchanged.highest[feature], (
        "also at each unchanged report's threshold"
    )
    assert found[feature]["reference"] != found[feature]["current"]


def test_the_same_draw_without_a_plant_finds_nothing(world: Features, tmp_path: Path) -> None:
    reference = save(resample(world, REFERENCE, "reference"), tmp_path / "reference")
    current = save(resample(world, CURRENT, "current"), tmp_path / "current")
    result = detect(Request(reference, current), SETTINGS).result
    assert result["drifted"] is False
    assert result["found"] == []


def test_a_missing_task_is_called_missing(world: Features, tmp_path: Path) -> None:
    reference = save(resample(world, REFERENCE, "reference"), tmp_path / "reference")
    current = save(PLANTS["no tsqa"][1](resample(world, CURRENT, "current")), tmp_path / "current")
    found = {e["feature"]: e for e in detect(Request(reference, current), SETTINGS).result["found"]}
    assert found["task.tsqa"]["says"].startswith("task.tsqa: missing, ")
    assert found["task.tsqa"]["current"] == 0.0
