"""Evidently's page of a comparison; it holds ids of its own, so it is never a DVC product."""

from pathlib import Path

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift

from components.core.errors import InternalError
from components.core.files import write_text
from components.monitor.compare import Comparison, Finding
from components.monitor.tables import CATEGORIES

FAILED = "FAIL"


def write_page(path: Path, comparison: Comparison) -> None:
    """Write the page: the histograms of every feature that has a threshold, the ones that drifted first.

    Raises:
        InternalError: Evidently's report says something else of a feature than `compare` said.

    """
    shown = sorted(
        (finding for finding in comparison.findings if finding.threshold is not None),
        key=lambda finding: (not finding.drifted, finding.chance, finding.feature),
    )
    names = [finding.feature for finding in shown]
    definition = DataDefinition(
        numerical_columns=[name for name in names if name not in CATEGORIES],
        categorical_columns=[name for name in names if name in CATEGORIES],
    )
    metrics = [ValueDrift(column=f.feature, method=f.method, threshold=f.threshold) for f in shown]
    report = Report(metrics, include_tests=True)
    run = report.run(
        dataset(comparison.current, names, definition), dataset(comparison.reference, names, definition)
    )
    check(shown, run.dict()["tests"])
    write_text(path, run.get_html_str(as_iframe=False))


def dataset(frame: pd.DataFrame, names: list[str], definition: DataDefinition) -> Dataset:
    """The shown columns as Evidently takes them."""
    return Dataset.from_pandas(frame[names].reset_index(drop=True), data_definition=definition)


def check(shown: list[Finding], tests: list[dict[str, object]]) -> None:
    """The page must tell what the verdict tells."""
    said = [str(getattr(test["status"], "value", test["status"])) == FAILED for test in tests]
    if said != [finding.drifted for finding in shown]:
        raise InternalError("Evidently's page and the verdict disagree; keep drift.json and report this")
