"""Reference against current, feature by feature, with Evidently's drift methods and our thresholds."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests import get_stattest
from evidently.legacy.core import ColumnType

from components.monitor.relabel import Distance, JensenShannon, Wasserstein
from components.monitor.say import Summary, summarise, words
from components.monitor.settings import Settings
from components.monitor.tables import CATEGORIES
from components.monitor.thresholds import thresholds

DIGITS = 6
NUMBER, CATEGORY = "wasserstein", "jensenshannon"  # Evidently's names of its methods


@dataclass(frozen=True)
class Finding:
    """One feature: Evidently's score by `method`, our `threshold` for it, both sides in brief.

    `chance`: in which share of the relabellings any feature looks as bad as this one. `threshold` is None
    where no score would be rare enough at the stated rate; then `drifted` is False.
    """

    feature: str
    method: str
    statistic: float
    threshold: float | None
    chance: float
    reference: Summary
    current: Summary
    drifted: bool
    says: str

    def row(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class Comparison:
    """All findings, in order of name, with the frames they were made of and what was not compared and why."""

    reference: pd.DataFrame
    current: pd.DataFrame
    findings: list[Finding]
    uncompared: dict[str, str]

    @property
    def found(self) -> list[Finding]:
        """The features that drifted, the furthest above its threshold first."""
        drifted = [finding for finding in self.findings if finding.drifted]
        return sorted(
            drifted, key=lambda finding: (-finding.statistic / (finding.threshold or 1), finding.feature)
        )


def compare(
    reference: pd.DataFrame, current: pd.DataFrame, settings: Settings, *, rate: float | None = None
) -> Comparison:
    """Compare every column of two frames with one row for each independent unit (video, stream).

    Args:
        reference: a row a unit; a column named in CATEGORIES is one, every other a number (NaN: no value).
        current: the same columns; a column that one side lacks or has no value in is listed as not compared.
        settings: how many relabellings, which seed.
        rate: the share of comparisons of one distribution that find anything; default `settings.rate`.

    """
    uncompared, names = {}, []
    for name in sorted({*reference.columns, *current.columns}):
        sides = [
            side for side, frame in (("reference", reference), ("current", current)) if lacks(frame, name)
        ]
        if sides:
            uncompared[name] = f"no value in the {' and the '.join(sides)}"
        else:
            names.append(name)
    limits = thresholds(
        [distance(name, reference[name], current[name]) for name in names],
        len(reference),
        len(current),
        rate=settings.rate if rate is None else rate,
        permutations=settings.permutations,
        seed=settings.seed,
    )
    findings = [
        judge(name, reference[name].dropna(), current[name].dropna(), limit.value, limit.chance)
        for name, limit in zip(names, limits, strict=True)
    ]
    return Comparison(reference, current, findings, uncompared)


def lacks(frame: pd.DataFrame, name: str) -> bool:
    """Whether a frame has nothing to compare under this name."""
    return name not in frame or bool(frame[name].isna().all())


def distance(name: str, reference: pd.Series, current: pd.Series) -> Distance:
    """The distance of one column's rows, reference first."""
    together = pd.concat([reference, current], ignore_index=True)
    if name in CATEGORIES:
        return JensenShannon(pd.factorize(together, sort=True)[0].astype(np.int64))
    return Wasserstein(together.to_numpy(dtype=np.float64, na_value=np.nan))


def method(name: str) -> str:
    """Evidently's name of the method for a feature."""
    return CATEGORY if name in CATEGORIES else NUMBER


def column_type(name: str) -> ColumnType:
    """Evidently's type of a feature."""
    return ColumnType.Categorical if name in CATEGORIES else ColumnType.Numerical


def judge(
    name: str, reference: pd.Series, current: pd.Series, threshold: float | None, chance: float
) -> Finding:
    """Evidently's verdict on one feature at our threshold."""
    kind = column_type(name)
    test = get_stattest(reference, current, kind, method(name))
    verdict = test(reference, current, kind, np.inf if threshold is None else threshold)
    before, after = summarise(name, reference), summarise(name, current)
    return Finding(
        feature=name,
        method=method(name),
        statistic=round(float(np.nan_to_num(verdict.drift_score)), DIGITS),
        threshold=threshold,
        chance=chance,
        reference=before,
        current=after,
        drifted=bool(verdict.drifted),
        says=words(name, before, after),
    )
