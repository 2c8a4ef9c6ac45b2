"""Data Docs: the static HTML site of Great Expectations, rebuilt from a stored gx_result.json.

Its pages hold run ids and times, so the site is never a DVC product; it goes to git-ignored `runs/`.
"""

import datetime as dt
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)

from components.core.errors import DataError
from components.core.files import new_dir, read_json
from components.validate import expectations

SITE = "gate"
# Rendering a stored suite looks the classes up in the registry, which importing `expectations` fills.
REGISTERED = (expectations.ExpectRowsToHoldRule, expectations.ExpectStateSharesToBeNear)


def build_docs(stored: Path, out: Path) -> Path:
    """Rebuild the site of the suites and results in `stored`.

    Args:
        stored: a folder with expectations.json and gx_result.json, as the stage writes them.
        out: the site's folder; an older one is replaced whole.

    Returns:
        The site's first page.

    Raises:
        DataError: a file is missing or not what the stage writes.

    """
    suites, results = read_json(stored / "expectations.json"), read_json(stored / "gx_result.json")
    if set(suites) != set(results):
        raise DataError(
            f"{stored}: expectations.json and gx_result.json name different tables; rerun the gate"
        )
    made = dt.datetime.now(dt.UTC)
    with new_dir(out) as scratch:
        context = gx.get_context(mode="ephemeral")
        context.add_data_docs_site(SITE, _site(scratch))
        for table in sorted(suites):
            context.suites.add(gx.ExpectationSuite(**suites[table]))
            _store(context, table, results[table], made)
        context.build_data_docs(site_names=[SITE])
    return out / "index.html"


def _site(folder: Path) -> dict[str, Any]:
    backend = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.absolute())}
    index = {"class_name": "DefaultSiteIndexBuilder", "show_cta_footer": False}
    return {
        "class_name": "SiteBuilder",
        "store_backend": backend,
        "site_index_builder": index,
        "show_how_to_buttons": False,
    }


def _store(context: Any, table: str, stored: dict[str, Any], made: dt.datetime) -> None:
    """Give a stored result the run id and time that the site orders its pages by."""
    run = RunIdentifier(run_name="gate", run_time=made)
    stored = {
        **stored,
        "meta": {**stored["meta"], "run_id": run.to_json_dict(), "validation_time": made.isoformat()},
    }
    result = expectationSuiteValidationResultSchema.load(stored)
    key = ValidationResultIdentifier(
        expectation_suite_identifier=ExpectationSuiteIdentifier(table), run_id=run, batch_identifier=table
    )
    context.validation_results_store.add(key, result)
