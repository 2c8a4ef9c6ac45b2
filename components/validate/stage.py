"""The body of stage `validate`: judge artifacts/turns, publish the verdict or stop the DAG."""

import sys
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import write_json
from components.validate.gate import run_gate
from components.validate.profiles import choose_profile
from components.validate.say import failed_rules, failures, summary
from components.validate.tables import load_tables


def validate(
    out: Path, failure: Path, *, turns: Path, events: Path, manifest: Path, section: dict[str, Any]
) -> None:
    """Run the gate; on success write `result.json`, `expectations.json` and `gx_result.json` into `out`.

    Args:
        out: folder of the product.
        failure: where the gate says no, `last_failure.json` and a folder `last_failure/` with the files of
            Data Docs go here: a failed stage has no product, and the operator needs the rows.
        turns: the turn table.
        events: the event table.
        manifest: the corpus manifest.
        section: params `validate`.

    Raises:
        DataError: a rule failed (the failing rows are printed to stderr), or a file cannot be read.

    """
    outcome = run_gate(load_tables(turns, events, manifest), choose_profile(None, section))
    passed = outcome.result["success"]
    folder = out if passed else failure / "last_failure"
    write_json(folder / "expectations.json", outcome.expectations)
    write_json(folder / "gx_result.json", outcome.gx_result)
    write_json(out / "result.json" if passed else failure / "last_failure.json", outcome.result)
    print(summary(outcome.result), end="", flush=True)
    if not passed:
        print(failures(outcome.result), end="", file=sys.stderr, flush=True)
        raise DataError(
            f"{turns}: the gate says no: {failed_rules(outcome.result)}; nothing after it runs. "
            f"The rows are in {failure / 'last_failure.json'}"
        )
