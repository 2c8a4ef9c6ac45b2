"""Evidently's page of a comparison; it holds ids of its own, so it is never a DVC product."""

import warnings
from pathlib import Path
from typing import Any

from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

from components.core.errors import InternalError
from components.core.files import write_text
from components.monitor.compare import Comparison
from components.monitor.tables import CATEGORIES

FAILED = "FAIL"


def write_page(path: Path, comparison: Comparison) -> bool:
    """Write the page of the features that have a threshold; False, and no page, where none has.

    Raises:
        InternalError: Evidently's report says something else of a feature than `compare` said.

    """
    shown = [finding for finding in comparison.findings if finding.threshold is not None]
    if not shown:
        return False
    names = [finding.feature for finding in shown]
    definition = DataDefinition(
        numerical_columns=[name for name in names if name not in CATEGORIES],
        categorical_columns=[name for name in names if name in CATEGORIES],
    )
    preset = DataDriftPreset(
        columns=names,
        per_column_method={finding.feature: finding.method for finding in shown},
        per_column_threshold={finding.feature: finding.threshold for finding in shown},
        drift_share=1 / len(names),  # one drifted column is drift: the rate is that of the whole report
    )
    sides = [
        Dataset.from_pandas(frame[names].reset_index(drop=True), data_definition=definition)
        for frame in (comparison.current, comparison.reference)
    ]
    with warnings.catch_warnings():
        # Evidently also correlates the columns, of which some may hold one value.
        warnings.filterwarnings("ignore", "invalid value encountered in divide", RuntimeWarning)
        run = Report([preset], include_tests=True).run(*sides)
        html = run.get_html_str(as_iframe=False)
    said = verdicts(run.dict()["tests"])
    if said != {finding.feature: finding.drifted for finding in shown}:
        raise InternalError("Evidently's page and the verdict disagree; keep drift.json and report this")
    write_text(path, html)
    return True


def verdicts(tests: list[dict[str, Any]]) -> dict[str, bool]:
    """Feature -> whether Evidently's report calls it drifted."""
    said = {}
    for test in tests:
        column = test["metric_config"]["params"].get("column")
        if column is not None:
            said[str(column)] = str(getattr(test["status"], "value", test["status"])) == FAILED
    return said
